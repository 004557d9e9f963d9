#!/usr/bin/env bash
# Installs what the tests need and runs every test of the everyday tier.
#
# The tests on real photos need the data set of the seed document: NN_DATA names its folder (default
# ../shared/data, with the reference answers in ../shared/oracle). Where it is missing they are skipped, and
# say so; with CI set they fail.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

step "installing what is missing"
scripts/install-dependencies.sh test
# Formatters differ from version to version, so this one comes from PyPI.
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
.venv/bin/python Tests/core/golden.py --check
scripts/check-core.sh

step "the C core in other people's programs"
scripts/check-embedding.sh

step "Swift"
swift build -c release --build-tests -Xswiftc -enable-testing
swift test -c release --skip-build -Xswiftc -enable-testing

step "the Swift library in other people's programs"
scripts/check-swift.sh

step "the documentation"
scripts/docs.sh

step "all passed"
