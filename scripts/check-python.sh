#!/usr/bin/env bash
# Checks the Python package as its users meet it: pip install in a fresh environment, a wheel, a source archive, the
# README's program, the type hints, all tests, and the same bytes as nn-cli.
#
#     scripts/check-python.sh         about 5 minutes on 2 cores; packages come from PyPI
#     scripts/check-python.sh full    about 15 minutes: also measures, and writes the tables of docs/PYTHON.md
#
# NN_DATA is the folder of the seed document's data set (default ../shared/data); full needs it.
set -euo pipefail
cd "$(dirname "$0")/.."

full=false
case "$*" in
'') ;;
full) full=true ;;
*) echo "usage: $0 [full]" >&2; exit 64 ;;
esac

root=$PWD
data=${NN_DATA:-../shared/data}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1

fail() {
    echo "check-python: $*" >&2
    exit 1
}

# Runs a command; shows what it printed only if it fails.
quietly() {
    "$@" >"$work/log" 2>&1 || { tail -n 60 "$work/log" >&2; fail "failed: $*"; }
}

# ---- Installing ---------------------------------------------------------------------------------------------

quietly python3 -m venv "$work/fresh"
python=$work/fresh/bin/python
quietly "$python" -m pip install .
[[ $("$python" -m pip list --format=freeze | grep -cv -e '^pip=' -e '^setuptools=') == 2 ]] ||
    fail "expected numpy and nnkernel to be installed, found: $("$python" -m pip list --format=freeze | xargs)"
(cd "$work" && quietly "$python" "$root/Examples/python/first.py")
awk '$NF + 0 > 0.5 { right++ } END { exit right != 2 }' <(tail -n 4 "$work/log" | tr -d '[]') ||
    fail "the README's program does not tell dark from bright"
echo "pip install: numpy is all that it takes, and the README's program runs"

quietly "$python" -m pip install build
quietly "$python" -m build --outdir "$work/dist" .
wheel=$(find "$work/dist" -name 'nnkernel-*-py3-none-*.whl')
[[ -n $wheel ]] || fail "expected a wheel py3-none-PLATFORM, found: $(ls "$work/dist")"
tar -tzf "$work/dist"/*.tar.gz | sed 's|^[^/]*/||' >"$work/sdist"
strange=$(grep -v -E "^((python|include|cmake|Sources/CNNKernel)/|Sources/CImage/(include/)?resampling|[^/]*$)" "$work/sdist" || true)
[[ -z $strange ]] || fail "the source archive has more than it should: $strange"
quietly python3 -m venv "$work/from-wheel"
quietly "$work/from-wheel/bin/python" -m pip install "$wheel"
(cd "$work" && quietly "$work/from-wheel/bin/python" "$root/Examples/python/first.py")
# build makes the wheel from the source archive, so that one is complete.
echo "wheel: $(basename "$wheel"), $(($(wc -c <"$wheel") / 1000)) KB; source archive: $(($(wc -c <"$(echo "$work"/dist/*.tar.gz)") / 1000)) KB"

quietly "$work/from-wheel/bin/python" -m pip install -C cmake.args=-DCMAKE_C_FLAGS_RELEASE=-O1 -e .
(cd "$work" && quietly "$work/from-wheel/bin/python" "$root/Examples/python/first.py")
echo "pip install -e: the sources are used where they are"

# ---- Testing ------------------------------------------------------------------------------------------------

quietly "$python" -m pip install 'scikit-learn>=1.7' mypy h5py pandas tqdm 'pillow>=13,<14'
"$python" -m pip install 'torch==2.13.0+cpu' >"$work/log" 2>&1 ||
    quietly "$python" -m pip install torch
quietly "$python" -m mypy
echo "mypy --strict: no complaints"
quietly swift build -c release --product nn-cli
NN_CLI=$(swift build -c release --show-bin-path)/nn-cli
export NN_CLI
(cd "$work" && quietly "$python" -m unittest discover -s "$root/Tests/python")
echo "Tests/python pass, and models, predictions and cross-validations equal nn-cli's to the bit"

# ---- Measuring ----------------------------------------------------------------------------------------------

# Milliseconds of the processor that a statement takes beyond those of import numpy: the least of 20 runs.
milliseconds() {
    local run
    for run in {1..20}; do
        "$python" -c "import time, numpy; b = time.process_time(); $1; print((time.process_time() - b) * 1000)" || return
    done | sort -g | head -n 1
}
import_time=$(milliseconds "import nnkernel")
awk -v ms="$import_time" 'BEGIN { exit !(ms < 50) }' || fail "import nnkernel takes $import_time ms beyond numpy's, expected less than 50"
printf 'import nnkernel: %.1f ms beyond numpy'"'"'s\n' "$import_time"

$full || exit 0
{
    echo "| figure | value |"
    echo "| --- | ---: |"
    echo "| wheel for Linux on x86-64 | $(($(wc -c <"$wheel") / 1000)) KB |"
    printf '| import nnkernel, beyond numpy | %.1f ms |\n' "$import_time"
    printf '| the first use of nnkernel.Classifier, which imports scikit-learn, beyond numpy | %.0f ms |\n' \
        "$(milliseconds "import nnkernel; nnkernel.Classifier")"
} >"$work/package"
scripts/write-table.py PYTHON.md package "$work/package"
"$python" Benchmarks/search.py "$data/train_catvnoncat.h5" "$data/test_catvnoncat.h5" >"$work/search"
scripts/write-table.py PYTHON.md search "$work/search"
cat "$work/package" "$work/search"
