#!/usr/bin/env bash
# Installs what the tests need and runs every test of the everyday tier: scripts/test.sh [--quick]
#
# The checks of the C core and those of Swift run side by side. What a step prints is shown when it ends, with its time and
# the processors' time; the first that fails ends the script with its exit code.
#
# --quick is for use while working: it builds the core with one compiler, without sanitizers, into build/quick, and
# leaves out other people's programs and the documentation. Once everything is built, it takes less than 3 minutes on
# 2 cores.
#
# The tests on real photos need the data set of the seed document. NN_DATA names its folder (default ../shared/data,
# with the reference answers in ../shared/oracle). If it is missing, these tests are skipped with a message; with CI
# set, they fail.
set -euo pipefail
cd "$(dirname "$0")/.."

quick=false
case "$*" in
'') ;;
--quick) quick=true ;;
*) echo "usage: $0 [--quick]" >&2; exit 64 ;;
esac

jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
work=$(mktemp -d)
export TMPDIR=$work # the Swift compiler leaves an empty folder behind each time
export OPENBLAS_NUM_THREADS=1 # numpy's matrices are small here: more threads only wait for each other

# ---- What runs side by side ---------------------------------------------------------------------------------

# Runs a command, and shows its name, its times and all that it printed when it has ended.
step() {
    local name=$1 log="$work/${1//[^a-z]/-}.log" began=$SECONDS status times TIMEFORMAT='%U %S'
    echo ".. $name"
    set +e # not "|| status=$?", which would let the command's functions go on after a failure
    { time { (set -e && "${@:2}") >"$log" 2>&1 </dev/null; } } 2>"$log.times"
    status=$?
    set -e
    [[ ! -e $work/ended ]] || exit "$status" # not a failure of its own
    times=$(awk -v took=$((SECONDS - began)) '{ printf "%d s, %d s of processor time", took, $1 + $2 }' "$log.times")
    if [[ $status == 0 ]]; then
        printf '\n== %s (%s)\n' "$name" "$times" | cat - "$log"
    else
        printf '\n== FAILED: %s (%s, exit code %d)\n' "$name" "$times" "$status" | cat - "$log"
        echo "test.sh: failed: $name" >"$work/failed"
    fi
    return "$status"
}

# Runs functions side by side, each in a process group of its own, until all have ended or one has failed.
lanes=()
side_by_side() {
    local lane status
    mkfifo "$work/ends"
    exec 3<>"$work/ends"
    set -m
    for lane in "$@"; do
        (trap 'echo $? >&3' EXIT && "$lane") &
        lanes+=($!)
    done
    set +m
    for lane in "$@"; do
        read -r status <&3
        [[ $status == 0 ]] || exit "$status"
    done
}

# Ends all that still runs, whatever ended the script.
finish() {
    local status=$? signal
    touch "$work/ended"
    for signal in INT TERM; do # swift build ends its compilers on INT; what has INT ignored ends on TERM
        signal_lanes "$signal" || break
        sleep 1
    done
    wait
    [[ ! -e $work/failed ]] || { echo; cat "$work/failed"; } >&2
    rm -rf "$work"
    exit "$status"
}

# Fails if no lane is left to get the signal.
signal_lanes() {
    local lane left=1
    for lane in ${lanes[@]+"${lanes[@]}"}; do kill -"$1" -- "-$lane" 2>/dev/null && left=0; done
    return "$left"
}

trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ---- The steps ----------------------------------------------------------------------------------------------

install() {
    scripts/install-dependencies.sh test
    # clang-format comes from PyPI, because each version formats differently.
    [ -x .venv/bin/python ] || python3 -m venv .venv
    .venv/bin/python -c 'import cv2, cyclonedx, jsonschema, numpy, h5py, yaml, safetensors, onnx, onnxruntime, sklearn, PIL, scikit_build_core' 2>/dev/null &&
        [ -x .venv/bin/clang-format ] ||
        .venv/bin/pip install --quiet --disable-pip-version-check 'numpy>=1.26' 'h5py>=3.10' 'safetensors>=0.4' \
            'onnx>=1.16' 'onnxruntime>=1.18' 'scikit-learn>=1.7' 'scikit-build-core>=0.10' 'jsonschema>=4.18' \
            'cyclonedx-python-lib[json-validation]>=8' \
            'opencv-python-headless>=4.10' pillow==13.0.0 pyyaml clang-format==14.0.6
}

formatting() {
    git ls-files '*.c' '*.h' '*.cpp' '*.hpp' | xargs .venv/bin/clang-format --dry-run -Werror
    git ls-files '*.swift' | xargs swift format lint --strict --configuration .swift-format
}

derivation() {
    awk '/^```/ { on = $0 == "```python"; next } on' docs/MATH.md | .venv/bin/python -
}

core() {
    $quick || { scripts/check-core.sh; return; }
    .venv/bin/python Tests/core/golden.py --check
    .venv/bin/python Tests/core/options.py --check
    .venv/bin/python Tests/core/scores.py --check
    cmake -B build/quick -DCMAKE_BUILD_TYPE=Release -DCMAKE_COMPILE_WARNING_AS_ERROR=ON \
        -DNNK_HAS_THREAD_SANITIZER=OFF >/dev/null
    cmake --build build/quick --parallel "$jobs"
    ctest --test-dir build/quick --output-on-failure --parallel "$jobs"
}

swift_tests() {
    mkdir "$work/temporary"
    TMPDIR=$work/temporary swift test -c release --skip-build -Xswiftc -enable-testing
    local left
    # TemporaryDirectory.* and locks are SwiftPM's own, .ses is onnxruntime's.
    left=$(find "$work/temporary" -mindepth 1 -name 'TemporaryDirectory.*' -prune -o ! -name '*.lock' ! -name .ses -print)
    [[ -z $left ]] || { echo "expected no files left behind by the tests, found:" "$left" && return 1; }
}

# Runs a command once nn-cli is built, which the other lane does.
with_nn_cli() {
    until [[ -e $work/built ]]; do sleep 1; done
    "$@"
}

check_c() {
    step "formatting" formatting
    step "the derivation" derivation
    step "the C core" core
    $quick && return
    step "releases" .venv/bin/python Tests/release/test_release.py
    step "the Swift library in other people's programs" scripts/check-swift.sh
    step "the C core in other people's programs" scripts/check-embedding.sh
    step "the C core as other people build it" scripts/check-builds.sh
    step "many machines" with_nn_cli scripts/check-mpi.sh
}

check_swift() {
    step "the build in Swift" swift build -c release --build-tests -Xswiftc -enable-testing
    touch "$work/built"
    step "the tests in Swift" swift_tests
    $quick && return
    step "the documentation" scripts/docs.sh
    step "fuzzers" scripts/fuzz.sh
    step "faults" scripts/faults.sh
}

step "installing what is missing" install
side_by_side check_c check_swift
printf '\n== all passed\n'
