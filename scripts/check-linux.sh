#!/usr/bin/env bash
# Checks that nn-cli builds and works on a Debian 13 that has only the packages named in install-dependencies.sh: in a
# chroot made by debootstrap, with this machine's Swift toolchain. Needs root and debootstrap; takes about 20 minutes,
# of which the first run spends three on the chroot. Debian's packages come from where apt gets its own; MIRROR names
# another place. Not part of scripts/test.sh. The last line says how many checks passed and failed.
set -uo pipefail
cd "$(dirname "$0")/.."

root=$PWD
work=$root/.build/linux
chroot=$work/debian-13
copy=$work/source
passed=0
failed=0

fail() {
    echo "check-linux: $*" >&2
    exit 69
}

# Runs a command, shows what it printed only if it fails, and counts.
check() {
    local name=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
        echo "ok      $name"
    else
        failed=$((failed + 1))
        echo "FAILED  $name: $*"
        tail -n 30 "$work/log"
    fi
}

# ---- What it needs ------------------------------------------------------------------------------------------------

[[ $(uname -s) = Linux ]] || fail "expected Linux, found $(uname -s)"
[[ $(id -u) -eq 0 ]] || fail "a chroot needs root"
command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install debootstrap"
command -v swiftc >/dev/null || fail "swift is missing: see https://www.swift.org/install"
# The folder with bin and lib; the command itself may be a link.
toolchain=$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath" *: *"\(.*\)".*/\1/p' | head -n 1)
toolchain=$(cd "$toolchain/../.." && pwd)
# Bind mounts live in a mount namespace of their own: they end with this script, however it ends.
[[ -n ${CHECK_LINUX_UNSHARED:-} ]] || CHECK_LINUX_UNSHARED=1 exec unshare --mount --propagation private "$0" "$@"

# ---- A Debian 13 --------------------------------------------------------------------------------------------------

# What apt downloads from that has Debian 13 as well.
mirror() {
    local site
    [[ -z ${MIRROR:-} ]] || { echo "$MIRROR"; return; }
    for site in $(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | sort -u); do
        if /usr/lib/apt/apt-helper download-file "$site/dists/trixie/Release" "$work/Release" >/dev/null 2>&1; then
            echo "$site"
            return
        fi
    done
    return 1
}

mkdir -p "$work"
if [[ ! -e $chroot/complete ]]; then
    mirror=$(mirror) || fail "no mirror of apt's has Debian 13 (trixie); MIRROR=... names one"
    rm -rf "$chroot"
    eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
    export http_proxy
    # What the toolchain needs (https://www.swift.org/install/linux), and this package.
    swift_packages=binutils,ca-certificates,git,g++,libc6-dev,libcurl4t64,libedit2,libncurses6,libsqlite3-0,libxml2,tzdata
    packages=$(sed -n 's/^build) packages="\(.*\)" ;;/\1/p' scripts/install-dependencies.sh | tr ' ' ,)
    debootstrap --variant=minbase --include="$swift_packages,$packages" trixie "$chroot" "$mirror" >"$work/log" 2>&1 ||
        { tail -n 30 "$work/log" >&2; fail "debootstrap failed"; }
    touch "$chroot/complete"
fi
. "$chroot/etc/os-release"
echo "$PRETTY_NAME, $(swiftc --version 2>&1 | sed -n 's/.*\(Swift version [0-9.]*\).*/\1/p' | head -n 1)"

# The sources as git sees them, committed or not. What Package.swift depends on is fetched out here, as the chroot has
# neither this machine's git configuration nor its network.
mkdir -p "$copy" "$chroot$copy" "$chroot/swift"
find "$copy" -mindepth 1 -maxdepth 1 ! -name .build -exec rm -rf {} +
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
    [[ ! -e $file ]] || printf '%s\0' "$file"
done | xargs -0 cp --parents -t "$copy"
resolve() { swift package --package-path "$copy$1" --scratch-path "$copy/.build$2" resolve >>"$work/log" 2>&1; }
: >"$work/log"
resolve "" "" && resolve "" /static && resolve /Examples/pictures /pictures && resolve /Examples/swift /swift ||
    { cat "$work/log" >&2; fail "the packages cannot be resolved"; }

mount --bind "$toolchain" "$chroot/swift" && mount --bind "$copy" "$chroot$copy" &&
    mount --bind /dev "$chroot/dev" && mount -t proc proc "$chroot/proc" || fail "mount failed"

inside() {
    env -i HOME=/tmp PATH=/swift/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
        chroot "$chroot" bash -c "cd '$copy' && $*"
}

# ---- The checks ---------------------------------------------------------------------------------------------------

# Models are the same to the bit everywhere; the table is that of the tests.
golden=$(sed -n '/ofDrawings = /,/]/s/.*"deep", "f64", "dual", "\([0-9a-f]*\)".*/\1/p' Tests/CLITests/GoldenTests.swift)

works() {
    local nn_cli=$1 name=$2
    check "$name: train" inside "$nn_cli train --iterations 100 -o .build/model.nnk"
    check "$name: the model's bytes" inside "sha256sum .build/model.nnk | grep -q '^$golden '"
    check "$name: predict" inside "$nn_cli dataset synth -o .build/drawn &&
        $nn_cli predict -m .build/model.nnk .build/drawn/00-*.bin | grep -q probability"
    # A picture, so that libpng is called too, and the model that is built in.
    check "$name: predict a PNG" inside "$nn_cli dataset show .build/drawn/test.h5 -o .build/sheet.png &&
        $nn_cli predict -m built-in .build/sheet.png | grep -q probability"
}

check "debug build" inside "swift build --product nn-cli"
works .build/debug/nn-cli "debug build"
check "scripts/build-static.sh" inside "scripts/build-static.sh"
grep '^build-static: ' "$work/log"
works .build/static/release/nn-cli "scripts/build-static.sh"
check "scripts/build-static.sh: nothing of Swift is loaded" inside "! ldd .build/static/release/nn-cli | grep -i swift"

# ---- Without some of the libraries ----------------------------------------------------------------------------------

# Runs a command inside where the headers $1 (words) cannot be seen.
without() {
    local headers=$1 header status
    shift
    for header in $headers; do
        if [[ -d $chroot$header ]]; then mount -t tmpfs none "$chroot$header"; else mount --bind /dev/null "$chroot$header"; fi
    done
    inside "$@"
    status=$?
    for header in $headers; do umount "$chroot$header"; done
    return $status
}

hdf5=/usr/include/hdf5
pictures="/usr/include/png.h /usr/include/jpeglib.h /usr/include/webp"
check "Examples/pictures, without hdf5.h" without "$hdf5" \
    "swift build --package-path Examples/pictures --scratch-path .build/pictures"
check "Examples/pictures: libhdf5 is not loaded" inside "! ldd .build/pictures/debug/Pictures | grep hdf5"
check "Examples/pictures: it works" inside ".build/pictures/debug/Pictures .build/sheet.npz .build/sheet.png"
check "Examples/swift, without hdf5.h, png.h, jpeglib.h and webp/decode.h" without "$hdf5 $pictures" \
    "swift build --package-path Examples/swift --scratch-path .build/swift"

# Where a header is missing, the compiler names the package to install.
inside "rm -rf .build/debug/NNHDF5.build .build/debug/ModuleCache"
check "without hdf5.h the message names libhdf5-dev" without "$hdf5" \
    "swift build --target NNHDF5 2>&1 | grep 'install libhdf5-dev'"

# ---- Linked to musl -----------------------------------------------------------------------------------------------

sdk=$(swift sdk list 2>/dev/null | grep static-linux | head -n 1)
if [[ -n $sdk ]]; then
    # The SDK has no libhdf5, libpng, libjpeg and libwebp, so nn-cli itself is not built.
    check "the static musl SDK: SwiftNN" swift build --package-path "$copy" --scratch-path "$copy/.build/musl" \
        --swift-sdk "$sdk" --product SwiftNN
else
    echo "SKIPPED static musl SDK: swift sdk list names none (https://www.swift.org/install/linux has it)"
fi

echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
