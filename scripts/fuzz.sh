#!/usr/bin/env bash
# Builds and runs the fuzzers in Tests/fuzz, with libFuzzer, the address and the undefined behaviour sanitizer.
#
#     scripts/fuzz.sh                    those in C, for a second each: the everyday tier
#     scripts/fuzz.sh brief [NAME...]    the same for all, or for these
#     scripts/fuzz.sh full [NAME...]     each for 10^7 inputs, or 10^6 where one takes milliseconds; two at a time
#     scripts/fuzz.sh NAME FILE...       repeats findings
#
# A full run takes hours, and may be stopped: it keeps what it learns in build/fuzz/corpus and how many inputs a program
# has had in build/fuzz/counts, and the next one goes on there as long as the program is the same. It writes the table
# of docs/TESTING.md, in which the rows of fuzzers that are not named stay. Findings go to build/fuzz/findings.
set -euo pipefail
cd "$(dirname "$0")/.."

in_c="model checkpoint predictor quantizer block_writer judge shards png jpeg webp resampling"
# One program, whose name tells which of them it is. It takes minutes to build.
in_swift="npz safetensors onnx protobuf hdf5 hdf5_answers orientation paths kinds"
fuzzers="$in_c $in_swift"
build=build/fuzz
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
python=.venv/bin/python
[[ -x $python ]] || python=python3
# Freed memory is kept for a while to find its use. Little of it: inputs are small, and more costs time.
export ASAN_OPTIONS=quarantine_size_mb=16
export SWIFT_BACKTRACE=enable=no # libFuzzer shows where a crash was

fail() { echo "fuzz: $*" >&2; exit 1; }

# The inputs of a full run.
inputs() {
    case $1 in
    judge | resampling | hdf5) echo 1000000 ;;
    *) echo 10000000 ;;
    esac
}

has_libfuzzer() {
    echo '#include <stddef.h>
        int LLVMFuzzerTestOneInput(const void *bytes, size_t count) { return bytes == NULL && count > 0; }' |
        clang -fsanitize=fuzzer,address,undefined -fuse-ld=lld -x c - -o /dev/null 2>/dev/null
}

# Runs a command of the build; shows what it said if it fails.
quietly() { "$@" >"$build/log" 2>&1 || { cat "$build/log" >&2; fail "the fuzzers do not build"; }; }

# Builds those in C, and those in Swift if one of the names is theirs.
build_fuzzers() {
    local name
    quietly cmake -S Tests/fuzz -B $build -DCMAKE_C_COMPILER=clang
    quietly cmake --build $build --parallel "$jobs"
    for name in "$@"; do
        [[ " $in_swift " != *" $name "* ]] || { build_readers; return; }
    done
}

# The linker must not drop the counters of libFuzzer, to which nothing refers.
build_readers() {
    local name
    quietly swift build -c release --package-path Tests/fuzz/readers --scratch-path $build/readers --disable-dead-strip \
        --sanitize address --sanitize fuzzer -Xswiftc -enable-testing \
        -Xswiftc -sanitize-coverage=edge,trace-cmp,inline-8bit-counters,pc-table
    for name in $in_swift; do ln -sf readers/release/readers "$build/$name"; done
}

make_seeds() {
    rm -rf $build/seeds
    for name in $fuzzers; do mkdir -p "$build/seeds/$name" "$build/corpus/$name" $build/{findings,logs,counts}; done
    $build/seeds-of-core $build/seeds
    "$python" Tests/fuzz/seeds.py $build/seeds || fail "no seeds: $python needs Pillow, which scripts/test.sh installs"
}

# Runs a fuzzer: its name, then options and folders of inputs. Shows all that it said if it has found something.
run() {
    local name=$1
    "$build/$name" -artifact_prefix="$build/findings/$name-" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
        "${@:2}" >"$build/logs/$name" 2>&1 || { cat "$build/logs/$name" >&2; echo "fuzz: $name: a finding" >&2; return 1; }
}

# Two at a time: a function, then names. Fails if one has failed.
two_at_a_time() {
    local function=$1 name status=0
    for name in "${@:2}"; do
        [[ $(jobs -rp | wc -l) -lt 2 ]] || wait -n || status=1
        "$function" "$name" &
    done
    while [[ $(jobs -p | wc -l) -gt 0 ]]; do wait -n || status=1; done
    return $status
}

executed() { sed -n 's/^stat::number_of_executed_units: *//p' "$build/logs/$1"; }

# The same inputs each time, as far as a second reaches.
run_briefly() {
    mkdir -p "$work/$1"
    run "$1" -max_total_time=1 -seed=1 "$work/$1" "$build/seeds/$1" && echo "$1: $(executed "$1") inputs"
}

# The row of the table: inputs, edges of the code that they reach, what they reach by libFuzzer's count of features, findings.
row() {
    local found
    found=$(sed -nE 's/^#[0-9]+[[:space:]].* cov: ([0-9]+) ft: ([0-9]+) .*/\1 | \2/p' "$build/logs/$1" | tail -n 1)
    echo "| $1 | $(tried "$1" | sed -E ':again; s/([0-9])([0-9]{3})($|,)/\1,\2\3/; t again') | $found | $2 |"
}

# The inputs that this program has had in all runs, without a finding.
tried() {
    local program count=0
    [[ ! -e $build/counts/$1 ]] || read -r program count <"$build/counts/$1"
    [[ ${program:-} == "$(program "$1")" ]] && echo "$count" || echo 0
}

program() { sha256sum <"$build/$1" | cut -d ' ' -f 1; }

# In pieces of ten minutes, so that little is lost when it is stopped.
run_fully() {
    local status=0 left
    while left=$(($(inputs "$1") - $(tried "$1"))) && [[ $left -gt 0 ]]; do
        run "$1" -runs="$left" -max_total_time=600 "$build/corpus/$1" "$build/seeds/$1" || { status=1; break; }
        echo "$(program "$1") $(($(tried "$1") + $(executed "$1")))" >"$build/counts/$1"
    done
    row "$1" $status >"$build/logs/$1.row"
    echo "$1: $(tried "$1") inputs"
    return $status
}

write_table() {
    {
        printf '| fuzzer | inputs | edges | features | findings |\n| --- | ---: | ---: | ---: | ---: |\n'
        for name in $fuzzers; do
            if [[ " $* " == *" $name "* ]]; then
                cat "$build/logs/$name.row"
            else
                sed -n '/^<!-- fuzzers -->/,/^<!-- end/p' docs/TESTING.md | grep "^| $name |" || true
            fi
        done
    } >"$work/table"
    scripts/write-table.py TESTING.md fuzzers "$work/table"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! has_libfuzzer; then
    [[ $# == 0 ]] || fail "no clang with libFuzzer and lld"
    echo "no clang with libFuzzer and lld: not fuzzed"
    exit 0
fi
usage() { echo "usage: $0 [brief [NAME...] | full [NAME...] | NAME FILE...]" >&2; exit 64; }

case ${1:-} in
'') mode=brief names=$in_c ;;
brief | full) mode=$1 names=${*:2} ;;
*) mode=repeat names=$1 && [[ $# -gt 1 ]] || usage ;;
esac
names=${names:-$fuzzers}
for name in $names; do [[ " $fuzzers " == *" $name "* ]] || usage; done

mkdir -p $build
build_fuzzers $names
case $mode in
repeat) "$build/$names" "${@:2}" ;;
brief)
    make_seeds
    two_at_a_time run_briefly $names
    ;;
full)
    make_seeds
    status=0
    two_at_a_time run_fully $names || status=1
    write_table $names
    exit $status
    ;;
esac
