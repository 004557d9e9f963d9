#!/usr/bin/env bash
# Builds nn-mpi and tests it with as many ranks as the processors bear.
#
#     scripts/check-mpi.sh         everyday, with the MPI that mpicc is of: in about 40 s of processor time
#     scripts/check-mpi.sh full    with OpenMPI and MPICH, hosts in network namespaces (as root), runs that are killed,
#                                  200,000 images; writes tables into docs/TESTING.md; about half an hour
#
# NN_CLI names the nn-cli that nn-mpi is compared with; by default it is the one that
# `swift build -c release --product nn-cli` makes, which is built if it is missing. Without MPI nothing is tested, and a
# message says so; with CI set that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

tier=${1:-quick}
case "$tier $#" in
'quick 0' | 'full 1') ;;
*) echo "usage: $0 [full]" >&2; exit 64 ;;
esac

python=.venv/bin/python
[[ -x $python ]] || python=python3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 # tests in containers run as root

# Says what is not tested; with CI set that is a failure.
skip() {
    echo "check-mpi: skipped: $*" >&2
    [[ -z ${CI:-} ]]
}

# Runs a command; shows what it printed only if it fails.
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; echo "check-mpi: failed: $*" >&2; return 1; }; }

# Builds nn-mpi and its tests into a folder: build FOLDER MPICC [CMAKE OPTION...]
build() {
    quietly cmake -S . -B "$1" -DCMAKE_BUILD_TYPE=Release -DCMAKE_COMPILE_WARNING_AS_ERROR=ON -DNNK_BUILD_MPI=ON \
        -DNNK_BUILD_TESTS=ON -DMPI_C_COMPILER="$2" "${@:3}"
    quietly cmake --build "$1" --parallel "$(getconf _NPROCESSORS_ONLN)" --target nn-mpi nn-mpi-test-ranks
}

# The tests of a built nn-mpi: check FOLDER MPIRUN RANKS...
check() {
    local nn_mpi=$1/Sources/nn-mpi/nn-mpi test_ranks=$1/Tests/mpi/nn-mpi-test-ranks mpirun=$2 ranks
    shift 2
    for ranks in "$@"; do quietly $mpirun -n "$ranks" "$test_ranks" exchanges; done
    echo "exchanges: the results of one process on $* ranks"
    "$python" Tests/mpi/train.py "$nn_mpi" "$program" --mpirun "$mpirun"
    "$python" Tests/mpi/cross_validate.py "$nn_mpi" "$program" --mpirun "$mpirun"
}

failures() { "$python" Tests/mpi/failures.py "$1/Sources/nn-mpi/nn-mpi" "$program" "$1/Tests/mpi/nn-mpi-test-ranks" "${@:2}"; }

everyday() {
    build build/mpi mpicc
    check build/mpi "$everyday_mpirun" 1 3
    failures build/mpi --mpirun "$everyday_mpirun"
}

command -v mpicc >/dev/null || { skip "nn-mpi: expected mpicc (scripts/install-dependencies.sh test)"; exit; }
program=${NN_CLI:-.build/release/nn-cli}
[[ -n ${NN_CLI:-} || -x $program ]] || swift build -c release --product nn-cli
# OpenMPI counts its processors; MPICH does not know the option.
everyday_mpirun=mpirun
! mpirun --version | grep -q 'Open MPI' || everyday_mpirun="mpirun --quiet --oversubscribe"

everyday
