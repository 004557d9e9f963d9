#!/usr/bin/env bash
# Checks NNInference as Embedded Swift: it must compile without allocations for four kinds of processors, and
# Examples/embedded-swift must give the bits of nn-cli under QEMU. What is not installed is named and skipped.
# About 3 minutes from nothing, 40 s when little has changed (2 cores, shared).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
example=$root/Examples/embedded-swift
passed=0 failed=0

# A line of the result: what, then the command that must succeed.
expect() {
    if "${@:2}" >"$work/log" 2>&1; then
        passed=$((passed + 1))
        echo "passed  $1"
    else
        failed=$((failed + 1))
        echo "FAILED  $1"
        tail -n 20 "$work/log" >&2
    fi
}

finish() {
    echo "$passed passed, $failed failed"
    exit $((failed > 0))
}

skip() { echo "SKIPPED $1: $2"; }

has() { command -v "$1" >/dev/null 2>&1; }

if ! has swift; then
    skip "everything" "there is no swift"
    finish
fi

# ---- The library --------------------------------------------------------------------------------------------

libraries=$(dirname "$(readlink -f "$(command -v swiftc)")")/../lib/swift/embedded
for triple in armv7em-none-none-eabi armv6m-none-none-eabi riscv32-none-none-eabi wasm32-unknown-none-wasm; do
    if [[ ! -d $libraries/$triple ]]; then
        skip "NNInference for $triple" "this toolchain has no standard library for it"
        continue
    fi
    expect "NNInference for $triple, without allocations" \
        swift build --package-path "$root" -c release --target NNInference --triple "$triple" \
        --scratch-path "$root/.build/embedded" -Xswiftc -wmo -Xswiftc -no-allocations \
        -Xswiftc -enable-experimental-feature -Xswiftc Embedded
done

# ---- The example --------------------------------------------------------------------------------------------

for tool in arm-none-eabi-gcc qemu-system-arm python3; do
    if ! has "$tool"; then
        skip "Examples/embedded-swift" "there is no $tool"
        finish
    fi
done
[[ -d $libraries/armv7em-none-none-eabi ]] || finish

# What the example needs: shows what it printed only if it fails.
prepare() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }; }

prepare swift build --package-path "$root" -c release --product nn-cli
cli=$root/.build/release/nn-cli
cd "$work"
prepare "$cli" dataset synth -o .
prepare "$cli" train --topology two-layer --precision f32 -o model.nnk
prepare "$cli" train --topology two-layer --precision f64 --iterations 1 -o wide.nnk
images=(*.bin)

# Name, class and the probability's bits of each image.
"$cli" predict -m model.nnk --json "${images[@]}" | python3 -c '
import json, struct, sys
for p in json.load(sys.stdin)["predictions"]:
    print(p["input"], p["class"], struct.pack(">d", p["probability"]).hex())' >expected

answers() {
    "$example/run.sh" model.nnk "${images[@]}" </dev/null | sed 's/: \(.*\) (.* bits \(.*\))$/ \1 \2/' >answers
    diff expected answers
}

# Ends with 65 after a last line like this: what the line says; arguments of the example.
refuses() {
    local status=0
    "$example/run.sh" "${@:2}" </dev/null >answers || status=$?
    tail -n 1 answers
    [[ $status == 65 && $(tail -n 1 answers) == "$1" ]]
}

# No symbol of the firmware is like this.
lacks() {
    arm-none-eabi-nm "$example/.build/release/Firmware" >symbols || return 1
    ! grep -E " ($1)\$" symbols
}

expect "Examples/embedded-swift: nn-cli's bits on ${#images[@]} images" answers
expect "Examples/embedded-swift: no allocator is linked" \
    lacks 'malloc|calloc|realloc|free|aligned_alloc|posix_memalign|sbrk|_sbrk|swift_(slowAlloc|allocObject|retain)'
expect "Examples/embedded-swift: no kernels but those of f32 are linked" lacks '.*(f64|i8_).*'
head -c 5000 "${images[0]}" >short
expect "Examples/embedded-swift: a short image is refused" \
    refuses "short: expected an image of 12288 bytes, got something else" model.nnk "${images[0]}" short
expect "Examples/embedded-swift: another model is refused" \
    refuses "the model: expected 12288-7-1 in f32, got something else" wide.nnk "${images[0]}"
finish
