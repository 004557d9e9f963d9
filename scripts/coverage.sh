#!/usr/bin/env bash
# Measures what the tests cover, and writes it to docs/TESTING.md.
#
#     scripts/coverage.sh          the C core by Tests/core: lines, branches and MC/DC; 4 minutes of processor time
#     scripts/coverage.sh export FOLDER    what each test of the core covers, for scripts/mutate.sh
#     scripts/coverage.sh swift    the readers in Swift by NNDataTests and CLITests: lines; 15 minutes
#
# The core is built twice, as it is and with -DNNK_FAST=0, by a clang that knows -fcoverage-mcdc (18 or later; CC names
# one). Its tests contain the kernels' other forms, and the core without options. Some of them run on emulated x86
# processors too, which have fewer vectors than this one (qemu-user-static). What is not covered is listed.
# The exit code is 1 if a line or a branch of it is not in Tests/coverage/explained.txt, or if less than 95 % of MC/DC or of
# the readers' lines are covered.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "coverage: $*" >&2; exit 1; }
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "failed: $*"; }; }

# Swift's toolchain has all three tools, of one version.
swift_bin=$(dirname "$(readlink -f "$(command -v swift)" 2>/dev/null || true)")
[[ -x ${swift_bin:-}/llvm-cov ]] && PATH=$swift_bin:$PATH
for tool in llvm-cov llvm-profdata; do
    command -v $tool >/dev/null || fail "$tool is missing; Swift's toolchain and LLVM's packages have it"
done

# Runs a test and exports what it covered in all of its runs: a condition may decide between two processors.
# Arguments: program, name, command that runs the program.
cover() {
    local program=$1 out=$2
    shift 2
    LLVM_PROFILE_FILE=$out.%p.profraw "$@" "$program" >"$out.log" 2>&1 || fail "$(tail -n 3 "$out.log")"
    llvm-profdata merge -o "$out.profdata" "$out".*.profraw
    llvm-cov export -instr-profile "$out.profdata" "$program" >"$out.json"
}

# Counts are exact with several threads too: what did not run is the difference of two.
profile='-fprofile-instr-generate -fprofile-update=atomic -fcoverage-mapping -fcoverage-mcdc'

# Builds the core and its tests, and runs each. Arguments: name, options of cmake.
cover_core() {
    local build=$work/$1 program name
    shift
    quietly cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER="${CC:-clang}" \
        -DCMAKE_C_FLAGS="$profile -D'NNK_ASSERT(condition)=((void)0)'" \
        -DCMAKE_C_FLAGS_RELEASE=-O1 "$@"
    quietly cmake --build "$build" --parallel "$jobs"
    running=()
    for program in "$build"/Tests/core/nnk-test-*; do
        name=$(basename "$program")
        [[ $name != *-races ]] || continue # the same tests with another sanitizer
        (( ${#running[@]} < jobs )) || { wait "${running[0]}"; running=("${running[@]:1}"); }
        cover "$program" "$build/$name" env &
        running+=($!)
    done
    for process in "${running[@]}"; do wait "$process"; done
}

# Runs the tests that choose kernels on processors without AVX-512, AVX2 and XSAVE.
cover_processors() {
    local qemu processor test build=$work/core
    [[ $(uname -m) == x86_64 ]] || return 0
    qemu=$(command -v qemu-x86_64-static || command -v qemu-x86_64) ||
        { echo "qemu-user-static is missing: no other processors"; return 0; }
    for processor in Haswell Haswell,-avx2 Haswell,-xsave Nehalem; do
        for test in model misuse predict; do
            cover "$build/Tests/core/nnk-test-$test" "$build/nnk-test-$test" "$qemu" -cpu "$processor"
        done
    done
}

jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
case "${1:-core}" in
core)
    cover_core core
    cover_core small -DNNK_FAST=OFF
    cover_processors
    result=0
    python3 "$root/Tests/coverage/coverage.py" "$work/table" "$work"/*/*.json || result=$?
    "$root/scripts/write-table.py" TESTING.md coverage "$work/table"
    exit $result
    ;;
export)
    [[ -d ${2:-} ]] || fail "expected a folder"
    cover_core core
    mv "$work"/core/*.json "$2"
    ;;
swift)
    cd "$root"
    scratch=${SCRATCH:-$work/build} # name a folder to build less the next time
    options=(-c release -Xswiftc -enable-testing --scratch-path "$scratch" --enable-code-coverage)
    quietly swift build --build-tests "${options[@]}"
    products=$(swift build "${options[@]}" --show-bin-path)
    rm -rf "$products/codecov"
    # Where a file or its folder cannot be written, the counters cannot either, and the program says so: tests of messages
    # fail then, and those that limit the processor time may. What they covered counts all the same.
    swift test --skip-build "${options[@]}" --filter '^(NNDataTests|CLITests)\.' >"$work/log" 2>&1 ||
        { echo "with counters these tests fail:"; sed -n '/^✘ Test "/s/ recorded an issue.*//p' "$work/log" | sort -u; }
    # Programs that were killed have left no counters, or a part of them.
    find "$products/codecov" -name '*.profraw' -size +0 >"$work/counters"
    quietly llvm-profdata merge -sparse --failure-mode=all -f "$work/counters" -o "$work/tests.profdata"
    llvm-cov export -summary-only -instr-profile "$work/tests.profdata" "$products/SwiftNNPackageTests.xctest" \
        -object "$products/nn-cli" >"$work/tests.json"
    result=0
    python3 "$root/Tests/coverage/readers.py" "$work/table" "$work/tests.json" || result=$?
    "$root/scripts/write-table.py" TESTING.md coverage-of-readers "$work/table"
    exit $result
    ;;
*) echo "usage: $0 [swift | export FOLDER]" >&2; exit 64 ;;
esac
