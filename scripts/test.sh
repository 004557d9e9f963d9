#!/usr/bin/env bash
# Installs what the tests need and runs every test of the everyday tier: scripts/test.sh [--quick]
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
step() { printf '\n== %s\n' "$*"; }

step "installing what is missing"
scripts/install-dependencies.sh test
# clang-format comes from PyPI, because each version formats differently.
[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/python -c 'import jsonschema, numpy, h5py, yaml, safetensors, onnx, onnxruntime, PIL' 2>/dev/null &&
    [ -x .venv/bin/clang-format ] ||
    .venv/bin/pip install --quiet --disable-pip-version-check 'numpy>=1.26' 'h5py>=3.10' 'safetensors>=0.4' \
        'onnx>=1.16' 'onnxruntime>=1.18' 'jsonschema>=4.18' pillow==13.0.0 pyyaml clang-format==14.0.6

step "formatting"
git ls-files '*.c' '*.h' '*.cpp' '*.hpp' | xargs .venv/bin/clang-format --dry-run -Werror
git ls-files '*.swift' | xargs swift format lint --strict --configuration .swift-format

step "the derivation"
awk '/^```/ { on = $0 == "```python"; next } on' docs/MATH.md | .venv/bin/python -

step "the C core"
if $quick; then
    .venv/bin/python Tests/core/golden.py --check
    .venv/bin/python Tests/core/options.py --check
    cmake -B build/quick -DCMAKE_BUILD_TYPE=Release -DCMAKE_COMPILE_WARNING_AS_ERROR=ON >/dev/null
    cmake --build build/quick --parallel "$jobs"
    ctest --test-dir build/quick --output-on-failure --parallel "$jobs"
else
    scripts/check-core.sh
    step "the Swift library in other people's programs"
    scripts/check-swift.sh
    step "the C core in other people's programs"
    scripts/check-embedding.sh
fi

step "Swift"
swift build -c release --build-tests -Xswiftc -enable-testing
swift test -c release --skip-build -Xswiftc -enable-testing

$quick || {
    step "the documentation"
    scripts/docs.sh
}
step "all passed"
