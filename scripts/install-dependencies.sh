#!/usr/bin/env bash
# Installs what is missing of the libraries and tools named after it: build (libraries alone), test, boards
# (compilers and emulators of boards), analysis (tools that read the sources), or browser (without which the test of the
# report's width is skipped).
set -euo pipefail

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

case "${1:-build}" in
build) packages="libhdf5-dev libpng-dev libjpeg-dev libwebp-dev zlib1g-dev pkg-config" ;;
test) packages="libhdf5-dev libpng-dev libjpeg-dev libwebp-dev zlib1g-dev pkg-config gcc g++ cmake ninja-build clang-format strace valgrind python3-venv openssh-client musl-tools libopenmpi-dev openmpi-bin"
    # For x86-32, unless gcc-multilib is there, which Debian does not allow beside it.
    [ "$(uname -m)" != x86_64 ] || [ -e /usr/share/doc/gcc-multilib ] || packages="$packages gcc-i686-linux-gnu libc6-dev-i386-cross"
    ;;
boards) packages="gcc make python3 python3-h5py gcc-arm-none-eabi gcc-riscv64-unknown-elf qemu-system-arm qemu-system-misc" ;;
analysis) packages="cppcheck frama-c-base" ;;
browser) packages="chromium" ;;
*) echo "usage: $0 [build|test|boards|analysis|browser]" >&2; exit 64 ;;
esac

if command -v apt-get >/dev/null; then
    missing=
    for package in $packages; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || exit 0
    echo "installing$missing"
    as_root apt-get update -qq
    # shellcheck disable=SC2086 # a list of names
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
elif command -v brew >/dev/null && [[ ${1:-build} = build || $1 = test ]]; then
    brew list hdf5 libpng jpeg-turbo webp pkgconf >/dev/null 2>&1 || brew install --quiet hdf5 libpng jpeg-turbo webp pkgconf
    [ "${1:-build}" = build ] || brew list cmake ninja clang-format >/dev/null 2>&1 ||
        brew install --quiet cmake ninja clang-format
else
    echo "Neither apt-get nor brew is here. Please install by hand: $packages" >&2
fi
