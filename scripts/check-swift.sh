#!/usr/bin/env bash
# Checks the Swift library as other packages use it: that Examples/swift builds without libhdf5, libpng, libjpeg,
# libwebp and zlib, and that misuse never reaches memory which is not the caller's (with the address sanitizer).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "check-swift: $*" >&2; exit 1; }

# Shows what a command printed only if it fails.
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "failed: $*"; }; }

# ---- SwiftNN alone ------------------------------------------------------------------------------------------

# A pkg-config that finds no library.
mkdir "$work/bin"
printf '#!/bin/sh\nexit 1\n' >"$work/bin/pkg-config"
chmod +x "$work/bin/pkg-config"
example=$root/Examples/swift
PATH=$work/bin:$PATH PKG_CONFIG_PATH='' PKG_CONFIG_LIBDIR=/nonexistent quietly \
    swift build -c release --package-path "$example"
products=$(swift build -c release --package-path "$example" --show-bin-path)
# SwiftPM makes folders for all targets of a package, and compiles those that are needed.
compiled=$(find "$products/" -name '*.o' | sed "s|^$products/*||; s|\.build/.*||" | sort -u | tr '\n' ' ')
[[ $compiled = "CNNKernel First NNInference NNText OwnTopology SwiftNN " ]] ||
    fail "expected CNNKernel, NNInference, NNText and SwiftNN, compiled $compiled"
"$products/First" >"$work/first"
# Dark and bright images take turns.
awk '(NR % 2 ? $NF < 0.5 : $NF > 0.5) { right++ } END { exit !(NR == 4 && right == 4) }' "$work/first" ||
    { cat "$work/first" >&2; fail "expected four right answers of First"; }
"$products/OwnTopology" >"$work/own"
[[ $(grep -c 'accuracy on 20 new images: 1.0' "$work/own") == 2 ]] && grep -q 'comes from the left$' "$work/own" ||
    { cat "$work/own" >&2; fail "expected right answers of OwnTopology"; }
echo "Examples/swift: SwiftNN alone, two programs"

# ---- Misuse -------------------------------------------------------------------------------------------------

# Leaks are not looked for: the Swift runtime keeps what it has made.
ASAN_OPTIONS=detect_leaks=0 quietly swift test --package-path "$root/Tests/sanitized" --sanitize=address
sed -n 's/.*Test run with \(.* tests\).*passed.*/misuse, with the address sanitizer: \1/p' "$work/log"
