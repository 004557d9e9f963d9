#!/usr/bin/env bash
# Builds the nn-cli of a release: a program that starts fast and runs where Swift and the libraries are not installed.
# Swift's libraries are linked statically; on Linux also libhdf5, libpng, libjpeg, libwebp and zlib, as far as there are
# archives (*.a) of them. The last line of the output is the path of the program.
#
# A plain `swift build -c release` needs no archives. Its nn-cli works the same and starts more slowly: the shared
# libhdf5 of Debian loads thirty other libraries (docs/DESIGN.md).
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$PWD/.build/static
build=(swift build -c release --product nn-cli --scratch-path "$scratch" --only-use-versions-from-resolved-file)
say() { echo "build-static: $*" >&2; }

# The versions of Swift packages with which a release is made; Package.swift takes later ones too.
while read -r name version; do
    grep -A 6 "\"identity\" : \"$name\"" Package.resolved 2>/dev/null | grep -q "\"version\" : \"$version\"" ||
        swift package --scratch-path "$scratch" resolve "$name" --version "$version" >&2
done <scripts/packages.txt

if [[ $(uname -s) != Linux ]]; then
    "${build[@]}" >&2
    echo "$("${build[@]}" --show-bin-path)/nn-cli"
    exit
fi

archives=$scratch/archives
rm -rf "$archives"
mkdir -p "$archives"

# Prints where the archive of library $2 is, which pkg-config knows as $1; fails if there is none.
find_archive() {
    local folder file
    for folder in $(pkg-config --libs-only-L "$1" 2>/dev/null | sed 's/-L//g'); do
        if [[ -e $folder/lib$2.a ]]; then realpath "$folder/lib$2.a"; return; fi
    done
    file=$(clang -print-file-name="lib$2.a")
    [[ $file = /* ]] && realpath "$file"
}

# Lets the linker find the archive of library $2 (package $1) and not the shared library: a folder with a link to the
# archive alone comes first in its search.
link_archive() {
    local archive
    archive=$(find_archive "$1" "$2") && ln -sf "$archive" "$archives/lib$2.a"
}

# Writes a .pc file that takes the archive of library $2 in place of what pkg-config says about package $1. $3 ... are
# the other libraries that it needs. Fails if a program with all of the archive in it does not link.
use_archive() {
    local package=$1 library=$2
    shift 2
    [[ -e $archives/lib$library.a ]] || return
    clang -x c - -x none -o "$archives/probe" -L"$archives" -Wl,--whole-archive -l"$library" -Wl,--no-whole-archive \
        "$@" <<<'int main(void) { return 0; }' 2>/dev/null || return
    cat >"$archives/$package.pc" <<END
Name: $package
Description: $library, linked statically
Version: $(pkg-config --modversion "$package")
Cflags: $(pkg-config --cflags "$package")
Libs: -L$archives -l$library $*
END
}

say_archive() {
    if [[ -e $archives/$1.pc ]]; then say "$1: archive"; else say "$1: no archive that links, so the shared library"; fi
}

link_archive zlib z && use_archive zlib z || true
link_archive libjpeg jpeg && use_archive libjpeg jpeg || true
link_archive libwebp sharpyuv || true # which newer releases of libwebp need
if link_archive libwebp webp; then
    use_archive libwebp webp -lm -lpthread || use_archive libwebp webp -lsharpyuv -lm -lpthread || true
fi
link_archive libpng png16 && use_archive libpng png16 -lz -lm || true
link_archive libaec sz && link_archive libaec aec || true
if link_archive hdf5 hdf5; then
    # Debian's archive has a driver for files in the cloud, which needs libcurl and libcrypto. nn-cli never uses it.
    clang -O2 -c scripts/no-cloud.c -o "$archives/no-cloud.o"
    ar rc "$archives/libno-cloud.a" "$archives/no-cloud.o"
    use_archive hdf5 hdf5 -lz -ldl -lm || use_archive hdf5 hdf5 -lsz -laec -lz -ldl -lm ||
        use_archive hdf5 hdf5 -lno-cloud -lsz -laec -lz -ldl -lm || true
fi
for package in hdf5 libpng libjpeg libwebp zlib; do say_archive $package; done

# lld comes with Swift, so the program does not depend on the system's linker. Neither paths nor numbers of the build get
# into it: the same sources give the same bytes (scripts/release.sh). The map names what is linked.
build+=(--static-swift-stdlib --disable-local-rpath -debug-info-format none -Xswiftc -use-ld=lld)
# Otherwise each object has a hash of the compiler's options, among which are paths.
build+=(-Xswiftc -Xfrontend -Xswiftc -disable-incremental-llvm-codegen)
for option in -s --build-id=none -znow -zrelro "--Map=$scratch/nn-cli.map"; do build+=(-Xlinker "$option"); done
build+=(-Xcc -fstack-protector-strong -Xcc -D_FORTIFY_SOURCE=2)

export PKG_CONFIG_PATH=$archives${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
"${build[@]}" >&2
products=$("${build[@]}" --show-bin-path)
program=$products/nn-cli
for reader in CImage CHDF5Reader; do # of files from strangers
    grep -q __stack_chk_fail "$products/$reader.build"/*.o || { say "$reader: no stack protection"; exit 70; }
done
scripts/check-program.sh "$program" "$PWD" >&2
echo "$program"
