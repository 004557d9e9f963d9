#!/usr/bin/env bash
# Reads the C sources with tools that look for mistakes, and runs the core's tests with those that watch memory:
# scripts/analyze.sh [TOOL ...]. All together take about half an hour on 2 cores. What a tool finds is shown; then the exit
# code is 1.
#
#   analyzer  gcc -fanalyzer
#   tidy      clang-tidy, with the checks of .clang-tidy
#   cppcheck  Cppcheck
#   effects   clang's -Wfunction-effects: nothing in the core allocates, locks or waits
#   eva       Frama-C's EVA: models and checkpoints are read safely, whatever their bytes are (Tests/analysis)
#   msan      the core's tests with the memory sanitizer: what was never written decides nothing
#   valgrind  the same tests with memcheck, which needs no support by the compiler
#
# A tool that reads sources must first find the mistakes of Tests/analysis/planted.c. When all have run, their figures go
# into docs/TESTING.md. The address, undefined behaviour and thread sanitizers are a part of scripts/test.sh.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
all=(analyzer tidy cppcheck effects eva msan valgrind)
tools=("${@:-${all[@]}}")
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
planted=Tests/analysis/planted.c

fail() { echo "analyze: $*" >&2; exit 1; }
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "failed: $*"; }; }

scripts/install-dependencies.sh test
scripts/install-dependencies.sh analysis
mapfile -t core < <(git ls-files 'Sources/CNNKernel/*.c')
mapfile -t sources < <(git ls-files Sources/{CNNKernel,CImage,CHDF5Reader,CSHA256,nn-mpi}/'*.c')
read -ra flags < <(echo -std=gnu11 -I{include,Sources/{CNNKernel,nn-mpi},Sources/{CImage,CHDF5Reader,CSHA256}/include} \
    "$(pkg-config --cflags hdf5 libpng libjpeg libwebp ompi-c)")

# ---- Tools that read sources: each prints what it finds in the files that it is given ---------------------------

# Runs a function for each file, several at a time, and prints what they print in the order of the files.
each() {
    local run=$1 file
    shift
    for file in "$@"; do
        while (($(jobs -rp | wc -l) >= jobs)); do wait -n || true; done
        "$run" "$file" >"$work/${file//\//-}.found" 2>&1 &
    done
    wait
    for file in "$@"; do cat "$work/${file//\//-}.found"; done
}

# gcc takes the shift of a vector for one of a whole register, and a vector that is filled lane by lane for one without
# a value. So it reads files of vectors without these two checks, which other tools make there.
read_by_gcc() {
    local but=()
    case $1 in *_vectors.c | *_avx*.c) but=(-Wno-analyzer-{shift-count-overflow,use-of-uninitialized-value}) ;; esac
    gcc "${flags[@]}" -O1 -Wall -Wextra -fanalyzer "${but[@]}" -c "$1" -o /dev/null
}
analyzer() { each read_by_gcc "$@"; }

# With the assertions, which say what the callers of a function have checked.
read_by_tidy() { .venv/bin/clang-tidy --quiet "$1" -- "${flags[@]}" -DNNK_ASSERTIONS=1 2>/dev/null; }
tidy() {
    [[ -x .venv/bin/pip ]] || quietly python3 -m venv .venv
    [[ -x .venv/bin/clang-tidy ]] || quietly .venv/bin/pip install clang-tidy==20.1.0 # each version has other checks
    each read_by_tidy "$@"
}

cppcheck() {
    command cppcheck --quiet --std=c11 --enable=warning,performance,portability \
        --suppressions-list=Tests/analysis/cppcheck.txt -j "$jobs" -Iinclude "$@" 2>&1
}

effects() {
    local file
    rm -rf "$work/marked"
    python3 scripts/mark-functions.py "$work/marked" "$@" >/dev/null
    for file in "$@"; do
        (cd "$work/marked" && clang -std=gnu11 -Iinclude -Wfunction-effects -fsyntax-only "$file" 2>&1) || true
    done
}

# Proves that the program in the first file does nothing that C leaves undefined, with the functions of the others.
prove() {
    frama-c -eva -eva-precision 6 -warn-special-float none -machdep gcc_x86_64 \
        -cpp-extra-args="-Iinclude -ISources/CNNKernel -U__x86_64__ -include Tests/analysis/frama-c.h" "$@" >"$work/eva" 2>&1 ||
        { tail -5 "$work/eva" && echo "error: Frama-C failed"; }
    grep -A 2 '^\[eva:alarm\]\|precondition .* unknown' "$work/eva" | sed 's/Warning: *$/warning:/' || true
}
eva() {
    local file from=Sources/CNNKernel
    if [[ $1 = "$planted" ]]; then prove "$planted"; return; fi
    prove Tests/analysis/models.c $from/{model,header,topology,model_parts,crc32}.c
    prove Tests/analysis/checkpoints.c $from/{checkpoint,header,topology,crc32}.c
}

# ---- Tools that watch the tests -----------------------------------------------------------------------------------

# With a tenth of the long loops.
build_tests() {
    quietly cmake -B "$work/$1" -DNNK_BUILD_TESTS=ON -DNNK_HAS_THREAD_SANITIZER=OFF "${@:2}"
    quietly cmake --build "$work/$1" --parallel "$jobs"
}

# Runs the core's tests; a line for each that fails.
run_tests() {
    ctest --test-dir "$work/$1" --parallel "$jobs" --output-on-failure "${@:2}" >"$work/tests" 2>&1 ||
        { cat "$work/tests" >&2 && sed -n 's/^\t *[0-9]* - \(.*\) (.*/warning: \1/p' "$work/tests"; }
}

msan() {
    build_tests msan -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug \
        -DCMAKE_C_FLAGS='-O1 -fsanitize=memory -fno-sanitize-recover=all -DCHECK_SHARE=10'
    run_tests msan
}

valgrind() {
    build_tests valgrind -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_FLAGS='-O1 -DCHECK_SHARE=10'
    local test
    for test in model checkpoint reading blocks predict i8 misuse change; do
        command valgrind --quiet --error-exitcode=9 --exit-on-first-error=yes "$work/valgrind/Tests/core/nnk-test-$test" 2>&1 >/dev/null ||
            echo "warning: nnk-test-$test"
    done
}

# ---- All of them --------------------------------------------------------------------------------------------------

declare -A what=(
    [analyzer]="$(gcc --version | head -1 | sed 's/.* //; s/^/gcc /') -fanalyzer"
    [tidy]="clang-tidy" [cppcheck]="Cppcheck" [effects]="-Wfunction-effects" [eva]="Frama-C's EVA"
    [msan]="memory sanitizer" [valgrind]="valgrind")
found=0
for tool in "${tools[@]}"; do
    files=("${sources[@]}")
    case $tool in effects | eva) files=("${core[@]}") ;; esac
    case $tool in
    msan | valgrind) ;;
    *)
        "$tool" "$planted" >"$work/found" 2>&1
        grep -q 'warning:\|error:' "$work/found" || fail "$tool does not find the mistakes of $planted"
        ;;
    esac
    "$tool" "${files[@]}" >"$work/found"
    count=$(grep -c 'warning:\|error:\|performance:\|portability:' "$work/found") || true
    [[ $count = 0 ]] || cat "$work/found" >&2
    echo "$tool: $count findings"
    echo "| ${what[$tool]} | $count |" >>"$work/rows"
    found=$((found + count))
done

if [[ ${#tools[@]} = "${#all[@]}" ]]; then
    { echo "| tool | findings |"; echo "| --- | --- |"; cat "$work/rows"; } >"$work/table"
    scripts/write-table.py TESTING.md analysis "$work/table"
fi
[[ $found = 0 ]]
