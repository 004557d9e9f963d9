#!/usr/bin/env bash
# Measures the speed of SwiftNN, numpy, PyTorch, scikit-learn and FANN side by side, and writes docs/SPEED.md.
#
#     scripts/bench.sh            about 15 minutes on 2 cores after the first run; run nothing else meanwhile
#     scripts/bench.sh --quick    only tests that the benchmark works
#
# NN_DATA is the folder of the seed document's data set (default ../shared/data); if it is missing, the job
# runs on drawings. OUT is the file to write (default docs/SPEED.md). The raw results stay in
# Benchmarks/build/results.
set -euo pipefail
cd "$(dirname "$0")/.."

quick=
case "${1:-}" in
'') ;;
--quick) quick=--quick ;;
*) echo "usage: $0 [--quick]" >&2; exit 64 ;;
esac

step() { printf '\n== %s\n' "$*" >&2; }
as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

step "installing dependencies"
scripts/install-dependencies.sh build >&2
if command -v apt-get >/dev/null && ! { [ -e /usr/include/fann.h ] && command -v cmake >/dev/null; }; then
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        libfann-dev cmake make gcc >/dev/null
fi
python=Benchmarks/.venv/bin/python
[ -x $python ] || python3 -m venv Benchmarks/.venv
# The build without CUDA if pip finds it, otherwise the usual one.
$python -c 'import numpy, h5py, sklearn, torch' 2>/dev/null || {
    $python -m pip install --quiet --disable-pip-version-check numpy h5py scikit-learn
    $python -m pip install --quiet --disable-pip-version-check 'torch==2.13.0+cpu' 2>/dev/null ||
        $python -m pip install --quiet --disable-pip-version-check torch
}

step "building"
nn_cli=$(scripts/build-static.sh | tail -n 1)
# The C programs are built with the same compiler as nn-cli.
compiler="${CC:-$(command -v clang || command -v cc)}"
cmake -S Benchmarks -B Benchmarks/build -DCMAKE_C_COMPILER="$compiler" >/dev/null
cmake --build Benchmarks/build >/dev/null

results=Benchmarks/build/results
mkdir -p $results
start=$(date +%s)
load=$(cut -d ' ' -f 1 /proc/loadavg 2>/dev/null || echo unknown)

data="${NN_DATA:-../shared/data}/train_catvnoncat.h5"
train=(--train "$data")
if [ ! -e "$data" ]; then
    echo "bench: $data does not exist; the job runs on drawings" >&2
    "$nn_cli" dataset synth -o $results/drawn 2>/dev/null
    data=$results/drawn/train.h5
    train=()
fi

step "the kernels"
$python Benchmarks/contestants.py raw "$data" $results/data.raw
Benchmarks/build/kernels $results/data.raw $([ -n "$quick" ] && echo 3 || echo 31) >$results/kernels.json

step "the same job"
$python Benchmarks/compare.py job ${train[@]+"${train[@]}"} --nn-cli "$nn_cli" $quick \
    --json $results/job.json >&2

step "scaling"
$python Benchmarks/compare.py scaling --nn-cli "$nn_cli" $quick --json $results/scaling.json >&2

step "many networks"
$python Benchmarks/compare.py many ${train[@]+"${train[@]}"} --nn-cli "$nn_cli" $quick \
    --json $results/many.json >&2

seconds=$(($(date +%s) - start))
minutes=$((seconds / 60)).$((seconds % 60 / 6))
$python Benchmarks/machine.py "$compiler" "$load" $minutes $quick >$results/machine.json

out="${OUT:-docs/SPEED.md}"
$python Benchmarks/speed.py $results >$results/SPEED.md
mv $results/SPEED.md "$out"
step "wrote $out"
