#!/usr/bin/env bash
# Measures how long nn-mpi trains on this machine, which should have nothing else to do, and writes the tables of
# docs/CLUSTER.md. Takes about three minutes on 2 cores.
#
# NN_CLI names an nn-cli; the default is the one that `swift build -c release --product nn-cli` makes.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
nn_cli=${NN_CLI:-.build/release/nn-cli}
[ -x "$nn_cli" ] || swift build -c release --product nn-cli
python=.venv/bin/python
[ -x $python ] || python=python3

cmake -S . -B build/mpi -DCMAKE_BUILD_TYPE=Release -DNNK_BUILD_MPI=ON >/dev/null
cmake --build build/mpi --parallel --target nn-mpi >/dev/null
mpicc -O2 Tests/mpi/links.c -o "$folder/links"
"$python" Tests/mpi/measure.py build/mpi/Sources/nn-mpi/nn-mpi "$nn_cli" "$folder/links" "$folder"
for table in times model; do scripts/write-table.py CLUSTER.md "cluster $table" "$folder/cluster-$table"; done
