#!/usr/bin/env bash
# Compiles the C core and Examples/trainer for other systems: by zig cc, which brings the C libraries of all of them, and
# by MinGW's gcc. Programs that can run here, by wine, QEMU or wasmtime, train and predict. What they print (the SHA-256
# of the models, costs, sums and probabilities) must be what gcc's program prints here, to the bit.
#
#     scripts/check-targets.sh [--write] [TARGET...]
#
# The result is a table with one row per target, of all or of those that are named. --write writes it into
# docs/TESTING.md. All take about 10 minutes of processor time; the first run takes 20, and downloads zig and wasmtime
# into build/targets, 150 MB.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap '[ ! -d "$work/wine" ] || wineserver -k || true; rm -rf "$work"' EXIT
tools=$root/build/targets
writes=0
[ "${1-}" != --write ] || { writes=1; shift; }
python=$tools/bin/python

has() { command -v "$1" >/dev/null 2>&1; }
as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }
note() { echo "check-targets: $*" >&2; }

# Copy the sources, so that all builds use the same ones even if somebody edits them meanwhile.
cp -R "$root/include" "$root/Sources/CNNKernel" "$root/Examples/trainer" "$work"

# ---- Tools --------------------------------------------------------------------------------------------------

missing=()
has gcc || missing+=(gcc libc6-dev)
has python3 || missing+=(python3-venv)
has x86_64-w64-mingw32-gcc || missing+=(gcc-mingw-w64-x86-64)
has wine || missing+=(wine wine64)
has qemu-s390x-static || has qemu-s390x || missing+=(qemu-user-static)
if [ ${#missing[@]} -gt 0 ] && has apt-get; then
    note "installing ${missing[*]}"
    { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$work/log" 2>&1 ||
        { cat "$work/log" >&2; note "could not install; continuing without"; }
fi
[ -x "$python" ] || python3 -m venv "$tools"
"$python" -m pip install --quiet --disable-pip-version-check ziglang==0.17.1 wasmtime==50.0.1

export ZIG_GLOBAL_CACHE_DIR=$tools/zig-cache ZIG_LOCAL_CACHE_DIR=$tools/zig-cache # the C libraries stay compiled
export WINEPREFIX=$work/wine WINEDEBUG=-all
! has wineboot || wineboot --init >/dev/null 2>&1 || true

cat >"$work/run_wasm.py" <<'END'
import sys, wasmtime
engine = wasmtime.Engine()
linker, store, wasi = wasmtime.Linker(engine), wasmtime.Store(engine), wasmtime.WasiConfig()
linker.define_wasi()
wasi.argv = sys.argv[1:]
wasi.inherit_stdout()
wasi.inherit_stderr()
store.set_wasi(wasi)
try:
    program = linker.instantiate(store, wasmtime.Module.from_file(engine, sys.argv[1]))
    program.exports(store)["_start"](store)
except wasmtime.ExitTrap as exit:
    sys.exit(exit.code)
END

# ---- Targets ------------------------------------------------------------------------------------------------
# zig's name; flags; runner. Flags that the core asks for: x87 computes with more bits, and the floats of 32-bit NEON
# flush subnormals. thumb is Arm's 32-bit code that microcontrollers have too, and wasm comes with vectors and without.

zig_targets='x86_64-linux-musl;;
x86-linux-musl;-msse2 -mfpmath=sse;qemu-i386
aarch64-linux-musl;;qemu-aarch64
aarch64_be-linux-musl;;qemu-aarch64_be
arm-linux-musleabihf;-mcpu=baseline-neon;qemu-arm
arm-linux-musleabi;;qemu-arm
thumb-linux-musleabihf;-mcpu=baseline-neon;qemu-arm
riscv64-linux-musl;;qemu-riscv64
riscv32-linux-musl;;qemu-riscv32
loongarch64-linux-musl;;qemu-loongarch64
mips-linux-musleabihf;;qemu-mips
mips64el-linux-muslabi64;;qemu-mips64el
powerpc-linux-musleabihf;;qemu-ppc
powerpc64-linux-musl;;qemu-ppc64
powerpc64le-linux-musl;;qemu-ppc64le
s390x-linux-musl;;qemu-s390x
wasm32-wasi;;wasm
wasm32-wasi;-msimd128;wasm
x86_64-windows-gnu;;wine
x86-windows-gnu;-msse2 -mfpmath=sse;wine
aarch64-windows-gnu;;none
x86_64-macos;;none
aarch64-macos;;none
x86_64-freebsd;;none
x86_64-netbsd;;none
x86_64-openbsd;;none'

# Target; name of the compiler; compiler; flags; runner.
rows() {
    while IFS=';' read -r target flags runner; do
        echo "$target;zig cc;$python -m ziglang cc -target $target;-O2 $flags;$runner"
    done <<<"$zig_targets"
    # Without optimization gcc 12 had an internal error in the AVX kernels.
    for level in -O0 -O2; do
        echo "x86_64-w64-mingw32;gcc;x86_64-w64-mingw32-gcc -static;$level;wine"
    done
}

jobs='drawn deep f32 wide 5 1
drawn two-layer f64 primal 2 1
drawn-few two-layer f32 wide+all 4 1
drawn-few two-layer f64 dual+all 4 1
drawn two-layer f32 wide+teach 10 1'

# ---- Compile and run ----------------------------------------------------------------------------------------

compile() { # compiler and flags; program
    # shellcheck disable=SC2086 # words
    $1 -std=gnu11 -w -I"$work/include" "$work/trainer/trainer.c" "$work"/CNNKernel/*.c -o "$2" >"$work/log" 2>&1
}

# Prints the command that runs the programs of a runner, which may be nothing.
command_for() {
    case $1 in
    wasm) echo "$python $work/run_wasm.py" ;;
    qemu-*) if has "$1-static"; then echo "$1-static"; else echo "$1"; fi ;;
    none) ;;
    *) echo "$1" ;;
    esac
}

# What a program prints for all jobs, with a line for each that fails. Arguments: the program's command.
answers_of() {
    local job kernels
    while read -r job; do
        for kernels in scalar fastest; do
            # shellcheck disable=SC2086 # words
            "$@" $job $kernels 2>/dev/null </dev/null | tr -d '\r' || echo "failed: $job $kernels"
        done
    done <<<"$jobs"
}
hash_of() { answers_of "$@" | sha256sum | cut -c 1-64; }

# Without arguments, the trainer explains itself with exit code 64.
can_run() {
    local status=0
    "$@" >/dev/null 2>&1 </dev/null || status=$?
    [ $status = 64 ]
}

compile "gcc -O2" "$work/trainer-here" || { cat "$work/log" >&2; exit 1; }
answers=$(answers_of "$work/trainer-here")
! grep '^failed: ' <<<"$answers" >&2 || exit 1
expected=$(sha256sum <<<"$answers" | cut -c 1-64)
failed=0
table=$work/table
{
    echo "| target | compiler | flags | run by | SHA-256 |"
    echo "| --- | --- | --- | --- | --- |"
    echo "| $(gcc -dumpmachine) | gcc | -O2 | | ${expected:0:12} |"
} | tee "$table"

while IFS=';' read -r target name compiler flags runner; do
    [ $# = 0 ] || [[ " $* " == *" $target "* ]] || continue
    program=$work/trainer-$target.exe # Windows needs the name
    by= # what it runs by
    if ! compile "$compiler $flags" "$program"; then
        result="does not compile"
        failed=1
        cat "$work/log" >&2
    else
        # shellcheck disable=SC2207 # words
        command=($(command_for "$runner") "$program")
        result=compiled
        if can_run "${command[@]}"; then
            by=${runner/wasm/wasmtime}
            result=$(hash_of "${command[@]}")
            [ "$result" = "$expected" ] || { failed=1; note "$target: expected $expected, found $result"; }
            result=${result:0:12}
        elif [ "$runner" != none ]; then
            note "$target: $runner cannot run it here"
        fi
    fi
    echo "| $target | $name | $flags | $by | $result |" | tee -a "$table"
    rm -f "$program"
done < <(rows)

[ $writes = 0 ] || "$root/scripts/write-table.py" TESTING.md targets "$table"
echo "$(grep -c "| ${expected:0:12} |" "$table") programs ran, with the same bits; $SECONDS s"
exit $failed
