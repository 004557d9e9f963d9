#!/usr/bin/env bash
# Tests "the same bits everywhere": trains with many builds of the C core, on several processors, and compares
# the SHA-256 of the model file, the last cost and a prediction; and of the i8 model made from it, the
# SHA-256, the integer sums of its first layer and a prediction.
#
#     scripts/cross.sh [--full]
#
# The result is a table with one row per job and one mark per build and choice of kernels. All results of a
# row must agree with the first: the scalar kernels, compiled by gcc with -O0. `wide` is the fast form of
# `dual`, so its rows must agree with those of `dual`. Jobs with options of the training (dual+center) run on
# emulated processors in two builds only, since these take most of the time.
#
# By default, it trains on drawings and needs about 10 minutes of processor time, 6 minutes on 2 cores. --full
# adds the photos of the seed document (NN_DATA is their folder, default ../shared/data) with more iterations;
# this takes hours, because most processors are emulated. CROSS_JOBS is the number of parallel processes
# (default: one per core).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
parallel=${CROSS_JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)}
full=0
case "$*" in
'') ;;
--full) full=1 ;;
*) echo "usage: $0 [--full]" >&2; exit 64 ;;
esac

has() { command -v "$1" >/dev/null 2>&1; }
as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }
note() { echo "cross: $*" >&2; }

# Copy the sources, so that all builds use the same ones even if somebody edits them meanwhile.
cp -R "$root/include" "$root/Sources/CNNKernel" "$root/Examples/trainer" "$work"

# ---- Dependencies -------------------------------------------------------------------------------------------

machine=$(uname -m)
# Name; prefix of the tools; the processor's name in Debian; in QEMU; clang's target; flags. i686 needs SSE2,
# which is not the default: x87 computes with more bits, and the core refuses to be built for it.
targets="i686;i686-linux-gnu;i386;i386;i686-linux-gnu;-msse2 -mfpmath=sse
aarch64;aarch64-linux-gnu;arm64;aarch64;aarch64-linux-gnu;
armhf;arm-linux-gnueabihf;armhf;arm;armv7-linux-gnueabihf;
riscv64;riscv64-linux-gnu;riscv64;riscv64;riscv64-linux-gnu;
s390x;s390x-linux-gnu;s390x;s390x;s390x-linux-gnu;"
targets=$(grep -v "^$machine;" <<<"$targets")

missing=()
has gcc || missing+=(gcc libc6-dev)
has qemu-s390x-static || has qemu-s390x || missing+=(qemu-user-static)
while IFS=';' read -r name prefix debian qemu triple flags; do
    has "$prefix-gcc" || missing+=("gcc-$prefix" "libc6-dev-$debian-cross")
done <<<"$targets"
if [ ${#missing[@]} -gt 0 ] && has apt-get; then
    note "installing ${missing[*]}"
    { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$work/log" 2>&1 ||
        { cat "$work/log" >&2; note "could not install; continuing without"; }
fi

# ---- The builds ---------------------------------------------------------------------------------------------
# One line per build: processor; label; compiler and flags; linker and flags; runner; kernels; kernels for jobs
# with options.
# No build links libm, because the core must not need it.

builds="$work/builds"
add() { printf '%s;%s;%s;%s;%s;%s;%s\n' "$@" >>"$builds"; }

: >"$builds"
[ "$machine" = x86_64 ] && kernels="scalar vectors avx2 avx512" || kernels="scalar fastest"
for compiler in gcc clang; do
    has $compiler || { note "$compiler is missing: skipped"; continue; }
    for level in -O0 -O1 -O2 -O3 -Os; do
        add "$machine" "$compiler $level" "$compiler $level" "$compiler" "" "$kernels" "$kernels"
    done
    # Builds that could cause differences: fused multiply-adds, link-time optimization, unsigned char.
    fused=
    [ "$machine" = x86_64 ] && fused="-march=x86-64-v3"
    add "$machine" "$compiler -O3 $fused" "$compiler -O3 $fused" "$compiler" "" "scalar fastest" \
        "scalar fastest"
done
if has gcc; then
    add "$machine" "gcc -O2 -ffp-contract=fast $fused -funsigned-char" \
        "gcc -O2 -ffp-contract=fast $fused -funsigned-char" gcc "" "scalar fastest" "scalar fastest"
    add "$machine" "gcc -O3 -flto $fused" "gcc -O3 -flto $fused" "gcc -O3 -flto" "" "scalar fastest" \
        "scalar fastest"
fi

# Prints the command that runs programs of a processor; nothing if they run without one.
runner_for() {
    local qemu=$1 program=$2
    "$program" >/dev/null 2>&1 && return
    has "qemu-$qemu-static" && { echo "qemu-$qemu-static"; return; }
    has "qemu-$qemu" && { echo "qemu-$qemu"; return; }
    return 1
}

echo 'int main(void) { return 0; }' >"$work/probe.c"
while IFS=';' read -r name prefix debian qemu triple flags; do
    probe="$work/probe-$name"
    if ! { "$prefix-gcc" -static "$work/probe.c" -o "$probe" >/dev/null 2>&1 &&
        runner=$(runner_for "$qemu" "$probe"); }; then
        note "$name: cannot build or run programs: skipped"
        continue
    fi
    link="$prefix-gcc -static"
    # Emulated programs without optimization are slow, so only the scalar kernels.
    add "$name" "gcc -O0" "$prefix-gcc -O0 $flags" "$link" "$runner" "scalar" ""
    add "$name" "gcc -O2" "$prefix-gcc -O2 $flags" "$link" "$runner" "fastest" ""
    add "$name" "gcc -O3" "$prefix-gcc -O3 $flags" "$link" "$runner" "scalar fastest" "fastest"
    add "$name" "gcc -Os" "$prefix-gcc -Os $flags" "$link" "$runner" "fastest" ""
    # Arm's NEON fuses products and flushes subnormals. gcc does not use it for strict floating point.
    [ "$name" = armhf ] && add "$name" "gcc -O3 -mfpu=neon-vfpv4" "$prefix-gcc -O3 -mfpu=neon-vfpv4" "$link" \
        "$runner" "scalar fastest" ""
    clang="clang --target=$triple -isystem /usr/$prefix/include"
    # clang does use NEON, and the core would give other bits wherever a subnormal appears, so it is built without.
    [ "$name" = armhf ] && clang+=" -mfloat-abi=hard -mfpu=vfpv3-d16"
    if has clang && $clang -c "$work/probe.c" -o "$probe.o" 2>/dev/null && $link "$probe.o" -o "$probe" 2>/dev/null
    then
        add "$name" "clang -O2" "$clang -O2 $flags" "$link" "$runner" "scalar fastest" "scalar"
    else
        note "clang cannot build for $name: skipped"
    fi
done <<<"$targets"

# Does build number $1, described by the line $2.
build() {
    local folder="$work/build-$1" compile link
    IFS=';' read -r _ _ compile link _ <<<"$2"
    mkdir "$folder"
    cd "$folder"
    # shellcheck disable=SC2086 # commands with arguments
    { $compile -std=gnu11 -w -DTRAINER_ALL_VECTORS -I"$work/include" -I"$work/CNNKernel" \
        -c "$work/trainer/trainer.c" "$work"/CNNKernel/*.c && $link ./*.o -o trainer; } >log 2>&1 ||
        { rm -f trainer; echo "cross: failed: $compile" >&2; cat log >&2; }
}

# ---- The jobs -----------------------------------------------------------------------------------------------
# The arguments of trainer: data, topology, precision, method and options, iterations, seed.

jobs="$work/jobs"
add_jobs() {
    local data=$1 primal=$2 dual=$3 topology precision
    for topology in deep two-layer; do
        for precision in f32 f64; do
            echo "$data $topology $precision primal $primal 1"
            echo "$data $topology $precision dual $dual 1"
            echo "$data $topology $precision wide $dual 1"
        done
    done >>"$jobs"
}

add_jobs drawn 2 20
for precision in f32 f64; do
    echo "drawn-few two-layer $precision primal+all 2 1"
    echo "drawn-few two-layer $precision dual+all 4 1"
    echo "drawn-few two-layer $precision wide+all 4 1"
    echo "drawn two-layer $precision dual+teach 20 1"
    echo "drawn two-layer $precision wide+teach 20 1"
done >>"$jobs"
echo "drawn-few two-layer f32 dual+center 4 1
drawn-few two-layer f64 primal+contrast 2 1
drawn-few two-layer f32 primal+mirror 2 1
drawn-few two-layer f64 dual+decay 4 1
drawn-few two-layer f64 dual+weights+best 4 1
drawn-few two-layer f32 dual+start 4 1" >>"$jobs"
if [ $full = 1 ]; then
    python=python3
    [ -x "$root/.venv/bin/python" ] && python="$root/.venv/bin/python"
    photos=${NN_DATA:-$root/../shared/data}/train_catvnoncat.h5
    if ! "$python" -c 'import h5py' 2>/dev/null; then
        note "SKIPPED the photos: h5py is missing (pip install h5py)"
    elif [ ! -e "$photos" ]; then
        note "SKIPPED the photos: $photos does not exist (set NN_DATA)"
    else
        "$python" - "$photos" "$work/photos" <<'PYTHON'
import struct, sys, h5py
with h5py.File(sys.argv[1]) as data, open(sys.argv[2], "wb") as out:
    labels, images = data["train_set_y"][:], data["train_set_x"][:]
    out.write(struct.pack("<I", len(labels)) + labels.astype("uint8").tobytes() + images.tobytes())
PYTHON
        add_jobs photos 5 200
    fi
fi

# Runs a job. Arguments: build number, kernels, job, runner. The output file is named after build, kernels and
# job.
run() {
    local number=$1 kernels=$2 job=$3 runner=$4 out="$work/out/$1.$2.${3// /_}" status=0
    cd "$work" # the folder of the photos
    [ -x "build-$number/trainer" ] || { echo "did not build" >"$out"; return; }
    # shellcheck disable=SC2086 # words
    { $runner "./build-$number/trainer" $job "$kernels" >"$out" 2>"$out.log" || status=$?; } 2>/dev/null
    [ $status = 0 ] || echo "exit code $status: $(tail -n 1 "$out.log")" >"$out"
    [ $status != 69 ] || echo unavailable >"$out"
}

# Whether a build runs a job with these kernels. Arguments: job, kernels, the build's kernels for jobs with
# options.
runs() { [[ $1 != *+* || " $3 " == *" $2 "* ]]; }

# ---- Build and run ------------------------------------------------------------------------------------------

export work
export -f build run
mkdir "$work/out"
SECONDS=0
number=0
while read -r line; do
    printf '%s\0%s\0' $((number += 1)) "$line"
done <"$builds" | xargs -0 -n 2 -P "$parallel" bash -c 'build "$@"' build
built=$SECONDS

number=0
while IFS=';' read -r _ _ _ _ runner kernels with_options; do
    number=$((number + 1))
    for choice in $kernels; do
        while read -r job; do
            ! runs "$job" "$choice" "$with_options" ||
                printf '%s\0%s\0%s\0%s\0' "$number" "$choice" "$job" "$runner"
        done <"$jobs"
    done
done <"$builds" | xargs -0 -n 4 -P "$parallel" bash -c 'run "$@"' run

# ---- The table ----------------------------------------------------------------------------------------------

passed=0
failed=0
processors=$(cut -d ';' -f 1 "$builds" | uniq)

echo "Marks: . agrees, X differs, - not available on this processor, blank not run. Order of the marks:"
for processor in $processors; do
    grep "^$processor;" "$builds" |
        awk -F ';' -v name="$processor" '
            NR == 1 { printf "  %s: %s", name, $2 }
            NR > 1 { printf $6 == kernels ? ", %s" : ": " kernels "; %s", $2 }
            { kernels = $6 }
            END { print ": " kernels }'
done | fold -s -w 110 | sed '/^  [a-z]/!s/^/      /'

first=$(head -n 1 "$builds" | cut -d ';' -f 6 | cut -d ' ' -f 1)
: >"$work/differences"
for pass in head rows; do
    while read -r job; do
        reference=$(cat "$work/out/1.$first.$(sed 's/ wide\([ +]\)/ dual\1/; s/ /_/g' <<<"$job")")
        line=$(printf '%-45s %-12.12s' "$job" "$reference")
        [ $pass = head ] && line=$(printf '%-45s %-12s' job sha256)
        for processor in $processors; do
            marks=
            number=0
            while IFS=';' read -r on label _ _ _ kernels with_options; do
                number=$((number + 1))
                [ "$on" = "$processor" ] || continue
                for choice in $kernels; do
                    if [ $pass = head ] || ! runs "$job" "$choice" "$with_options"; then
                        marks+=' '
                        continue
                    fi
                    result=$(<"$work/out/$number.$choice.${job// /_}")
                    case "$result" in
                    unavailable) marks+=- ;;
                    "$reference") marks+=. passed=$((passed + 1)) ;;
                    *)
                        marks+=X failed=$((failed + 1))
                        printf '%s: %s %s, %s\n    expected %s\n    found    %s\n' "$job" "$on" "$label" \
                            "$choice" "$reference" "$result" >>"$work/differences"
                        ;;
                    esac
                done
            done <"$builds"
            [ $pass = head ] && marks=$(printf "%-${#marks}.${#marks}s" "$processor")
            line+=" $marks"
        done
        echo "$line"
        [ $pass = rows ] || break
    done <"$jobs"
done
head -n 30 "$work/differences"

# Builds that could give other bits must fail to compile.
refuses() {
    local message=$1
    shift
    local text
    if text=$("$@" -w -I"$work/include" -c "$work/CNNKernel/$source" -o "$work/refused.o" 2>&1) ||
        [[ $text != *"$message"* ]]; then
        failed=$((failed + 1))
        echo "NOT refused, but should be: $* $source"
    else
        passed=$((passed + 1))
    fi
}
computing=$(cd "$work/CNNKernel" && ls f32*.c f64*.c i8*.c random.c write.c)
if [ "$machine" != x86_64 ]; then computing=$(grep -v avx <<<"$computing"); fi
for source in $computing; do
    for compiler in gcc clang; do
        ! has $compiler || for option in -ffast-math -Ofast; do
            refuses "must not be built with -ffast-math" $compiler -std=gnu11 $option
        done
    done
    ! has clang || case $source in
    f32.c | f64.c)
        refuses "MVE's floats flush subnormal" clang -std=gnu11 -ffreestanding --target=arm-none-eabi \
            -mcpu=cortex-m55 -mfloat-abi=hard
        ;;
    esac
    # Compilers that compute with more bits than the type has.
    while read -r compiler; do
        # On other processors, the AVX files are empty.
        case "$source $compiler" in *avx*linux-gnu*) continue ;; esac
        if has "${compiler%% *}" && echo FLT_EVAL_METHOD | $compiler -include float.h -E -P - 2>/dev/null |
            tail -n 1 | grep -q '[12]'; then
            refuses "needs FLT_EVAL_METHOD 0" $compiler
        fi
    done <<<"gcc -std=gnu11 -mfpmath=387
i686-linux-gnu-gcc -std=gnu11
s390x-linux-gnu-gcc -std=c11"
done
echo "Refused in each of $(wc -w <<<"$computing") files: -ffast-math, -Ofast, extra precision; MVE floats"

echo "$(wc -l <"$builds") builds in $built s, all in $SECONDS s"
echo "$passed passed, $failed failed"
[ $failed = 0 ] && [ $passed -gt 0 ]
