#!/usr/bin/env bash
# Makes a release: scripts/release.sh [--tag TAG] [--sign KEY] [--source | --check] [FOLDER]
#
# Writes into FOLDER (default build/release) the source archive, nn-cli linked statically, the list of what is linked into
# it (CycloneDX), their licences, and SHA256SUMS. The last line of the output is the path of nn-cli.
#
#   --tag TAG   release this tag, vVERSION; without it, the commit that is checked out, which must have no changes
#   --sign KEY  sign SHA256SUMS with this SSH key (ssh-keygen -Y sign, namespace swiftnn)
#   --source    make only the source archive; the last line of the output is its path
#   --check     make the release twice, in two folders of different depth and with two umasks, compare the bytes, and write
#               the table of docs/TESTING.md
#
# nn-cli is built anew from the source archive, so the archive has all that it needs. The same commit gives the same bytes
# where compiler and libraries have the same versions. A build takes 2 minutes of processor time.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C TZ=UTC

say() { echo "release: $*" >&2; }
fail() { say "$2"; exit "$1"; }
usage() { sed -n '2s/^# //p' "$0" >&2; exit 64; }

tag= key= mode=all folder=build/release
while [[ $# -gt 0 ]]; do
    case $1 in
    --tag) tag=${2:-} && [[ -n $tag ]] || usage; shift ;;
    --sign) key=${2:-} && [[ -n $key ]] || usage; shift ;;
    --source | --check) mode=${1#--} ;;
    -*) usage ;;
    *) folder=$1 ;;
    esac
    shift
done

if [[ -n $key ]]; then
    [[ -r $key ]] || fail 66 "$key: no such key"
    key=$(realpath "$key")
fi
if [[ -n $tag ]]; then
    commit=$(git rev-parse --verify --quiet "refs/tags/$tag^{commit}") || fail 66 "$tag: no such tag"
else
    commit=$(git rev-parse --verify --quiet HEAD) || fail 65 "a release is made from a git repository"
    [[ -z $(git status --porcelain) ]] || fail 65 "there are changes that are not committed: a release is of a commit"
fi
[[ $mode = source ]] || command -v dpkg-query >/dev/null || fail 69 "nn-cli is released on Debian, whose packages it names"
version=$(git show "$commit:CMakeLists.txt" | sed -n 's/^project(.* VERSION \([0-9.]*\).*/\1/p')
[[ -z $tag || $tag = "v$version" ]] || fail 65 "$tag: the version in CMakeLists.txt is $version"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Makes the release in a clone below $work/$1, with umask $2.
release_below() {
    local place=$work/$1
    mkdir -p "$place/tmp"
    (
        umask "$2"
        git clone --quiet --no-checkout . "$place/clone"
        git -C "$place/clone" checkout --quiet --detach "$commit"
        TMPDIR=$place/tmp "$place/clone/scripts/release.sh" ${tag:+--tag "$tag"} "$place/release"
    ) >&2
}

if [[ $mode = check ]]; then
    release_below a 022
    release_below deeper/below/other/folders 077
    diff -r "$work/a/release" "$work/deeper/below/other/folders/release" >&2 || {
        trap - EXIT
        fail 1 "the two releases differ: they are in $work"
    }
    {
        printf '\n| file | bytes | two releases |\n| --- | ---: | --- |\n'
        (cd "$work/a/release" && find . -type f -printf '| %f | %s | the same bytes |\n' | sort)
        printf '\n'
    } | tee "$work/table"
    scripts/write-table.py TESTING.md releases "$work/table"
    exit
fi

# ---- The source archive -------------------------------------------------------------------------------------------

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
name=swiftnn-$version
last=$folder/$name.tar.gz
files=("$name.tar.gz")
# git archive sorts the files, gives them the commit's time and user 0, and writes the commit into Version.swift.
git -c tar.umask=022 -c core.autocrlf=false archive --format=tar --prefix="$name/" "$commit" | gzip -n -9 >"$last"

# ---- The program --------------------------------------------------------------------------------------------------

make_program() {
    local built source=$work/$name
    last=$folder/nn-cli-$version-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
    files+=("${last##*/}" "${last##*/}.cdx.json" "${last##*/}.licences.txt")
    tar -xzf "$folder/$name.tar.gz" -C "$work"
    built=$("$source/scripts/build-static.sh" | tail -n 1)
    install -m 755 "$built" "$last"
    python3 scripts/sbom.py --program "$last" --version "$version" --commit "$commit" \
        --time "$(git log -1 --format=%ct "$commit")" --source "$source"
}
[[ $mode = source ]] || make_program

# ---- Sums and signature -------------------------------------------------------------------------------------------

cd "$folder"
sha256sum "${files[@]}" >SHA256SUMS
rm -f SHA256SUMS.sig
[[ -z $key ]] || ssh-keygen -q -Y sign -f "$key" -n swiftnn SHA256SUMS
echo "$last"
