#!/usr/bin/env bash
# Builds and runs the fuzzers in Tests/fuzz, with libFuzzer, the address and the undefined behaviour sanitizer.
#
#     scripts/fuzz.sh                   each for two seconds, from its seeds alone: the everyday tier
#     scripts/fuzz.sh full [NAME...]    each for 10^7 inputs, or 10^6 where one takes milliseconds; two at a time
#     scripts/fuzz.sh NAME FILE...      repeats findings
#
# A full run takes hours. It keeps what it learns in build/fuzz/corpus, so that the next one begins there, and writes the
# table of docs/TESTING.md, in which the rows of fuzzers that are not named stay. Findings go to build/fuzz/findings.
set -euo pipefail
cd "$(dirname "$0")/.."

fuzzers="model checkpoint predictor quantizer block_writer judge png jpeg webp resampling"
build=build/fuzz
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
python=.venv/bin/python
[[ -x $python ]] || python=python3
# Freed memory is kept for a while to find its use. Little of it: inputs are small, and more costs time.
export ASAN_OPTIONS=quarantine_size_mb=16

fail() { echo "fuzz: $*" >&2; exit 1; }

# The inputs of a full run.
inputs() {
    case $1 in
    judge | resampling) echo 1000000 ;;
    *) echo 10000000 ;;
    esac
}

has_libfuzzer() {
    echo '#include <stddef.h>
        int LLVMFuzzerTestOneInput(const void *bytes, size_t count) { return bytes == NULL && count > 0; }' |
        clang -fsanitize=fuzzer,address,undefined -fuse-ld=lld -x c - -o /dev/null 2>/dev/null
}

build_fuzzers() {
    cmake -S Tests/fuzz -B $build -DCMAKE_C_COMPILER=clang >/dev/null
    cmake --build $build --parallel "$jobs" >"$build/log" 2>&1 || { cat "$build/log" >&2; fail "the fuzzers do not build"; }
}

make_seeds() {
    rm -rf $build/seeds
    for name in $fuzzers; do mkdir -p "$build/seeds/$name" "$build/corpus/$name" $build/findings $build/logs; done
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

# The same inputs each time, as far as two seconds reach.
run_briefly() {
    mkdir -p "$work/$1"
    run "$1" -max_total_time=2 -seed=1 "$work/$1" "$build/seeds/$1" && echo "$1: $(executed "$1") inputs"
}

# The row of the table: inputs, edges of the code that they reach, what they reach by libFuzzer's count of features, findings.
row() {
    local found
    found=$(sed -nE 's/^#[0-9]+[[:space:]].* cov: ([0-9]+) ft: ([0-9]+) .*/\1 | \2/p' "$build/logs/$1" | tail -n 1)
    echo "| $1 | $(executed "$1" | sed -E ':again; s/([0-9])([0-9]{3})($|,)/\1,\2\3/; t again') | $found | $2 |"
}

run_fully() {
    local status=0
    run "$1" -runs="$(inputs "$1")" "$build/corpus/$1" "$build/seeds/$1" || status=1
    row "$1" $status >"$build/logs/$1.row"
    echo "$1: $(executed "$1") inputs"
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
mkdir -p $build
build_fuzzers
make_seeds
case ${1:-} in
'') two_at_a_time run_briefly $fuzzers ;;
full)
    shift
    [[ $# != 0 ]] || set -- $fuzzers
    status=0
    two_at_a_time run_fully "$@" || status=1
    write_table "$@"
    exit $status
    ;;
*)
    [[ " $fuzzers " == *" $1 "* && $# -gt 1 ]] || { echo "usage: $0 [full [NAME...] | NAME FILE...]" >&2; exit 64; }
    "$build/$1" "${@:2}"
    ;;
esac
