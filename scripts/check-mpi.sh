#!/usr/bin/env bash
# Builds nn-mpi and tests it with as many ranks as the processors bear.
#
#     scripts/check-mpi.sh         everyday, with the MPI that mpicc is of: in about 75 s of processor time
#     scripts/check-mpi.sh full    with OpenMPI and MPICH, hosts in network namespaces (as root), runs that are killed,
#                                  200,000 images; writes the table in docs/TESTING.md; about an hour on free processors
#     scripts/check-mpi.sh speed   2 ranks are nearly twice as fast as 1: for two processors that are free
#
# NN_CLI names the nn-cli that nn-mpi is compared with; by default it is the one that
# `swift build -c release --product nn-cli` makes, which is built if it is missing. Without MPI nothing is tested, and a
# message says so; with CI set that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

tier=${1:-quick}
case "$tier $#" in
'quick 0' | 'full 1' | 'speed 1') ;;
*) echo "usage: $0 [full | speed]" >&2; exit 64 ;;
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
    # -O1 compiles the core in half the time. Runs are saved after each turn.
    build build/mpi mpicc "-DCMAKE_C_FLAGS_RELEASE=-O1 -DCHECKPOINT_SECONDS=0"
    check build/mpi "$any_mpirun" 1 3 4
    failures build/mpi --mpirun "$any_mpirun"
}

# A row of the table: what COMMAND says last. row TEST MPI COMMAND...
row() {
    echo "$1, $2" >&2
    "${@:3}" | tee "$work/said" >&2
    printf '| %s | %s | %s |\n' "$1" "$2" "$(tail -n 1 "$work/said")" >>"$work/table"
}

# full NAME MPICC MPIRUN
full() {
    local folder=build/mpi-${1,,} mpirun=$3
    command -v "$2" >/dev/null || { skip "$1: expected $2"; return; }
    build "$folder" "$2" -DCMAKE_C_FLAGS=-DCHECKPOINT_SECONDS=0 # after each turn
    local nn_mpi=$folder/Sources/nn-mpi/nn-mpi
    check "$folder" "$mpirun" 1 2 3 4 8 >&2
    row "one model" "$1" "$python" Tests/mpi/train.py "$nn_mpi" "$program" --mpirun "$mpirun" --all
    row "failures" "$1" failures "$folder" --mpirun "$mpirun" --full
    if [[ $(id -u) == 0 ]] && command -v ip >/dev/null; then
        row "three hosts" "$1" "$python" Tests/mpi/hosts.py "$nn_mpi" "$program" \
            "$folder/Tests/mpi/nn-mpi-test-ranks" --mpirun "$mpirun" --cuts 6
    else
        skip "three hosts, $1: expected root, and ip of iproute2"
    fi
    row "200,000 images" "$1" "$python" Tests/mpi/large.py "$nn_mpi" "$program" --mpirun "$mpirun"
}

speed() {
    build build/mpi mpicc
    local nn_mpi=build/mpi/Sources/nn-mpi/nn-mpi
    "$python" Tests/mpi/train.py "$nn_mpi" "$program" --mpirun "$any_mpirun" --speed
    "$python" Tests/mpi/cross_validate.py "$nn_mpi" "$program" --mpirun "$any_mpirun" --speed
}

command -v mpicc >/dev/null || { skip "nn-mpi: expected mpicc (scripts/install-dependencies.sh test)"; exit; }
program=${NN_CLI:-.build/release/nn-cli}
[[ -n ${NN_CLI:-} || -x $program ]] || swift build -c release --product nn-cli
# OpenMPI counts its processors; MPICH does not know the option.
openmpi="--quiet --oversubscribe"
any_mpirun=mpirun
! mpirun --version | grep -qE 'Open MPI|OpenRTE' || any_mpirun="mpirun $openmpi"

case $tier in
quick) everyday ;;
speed) speed ;;
full)
    printf '| test | MPI | result |\n| --- | --- | --- |\n' >"$work/table"
    full OpenMPI mpicc.openmpi "mpirun.openmpi $openmpi"
    full MPICH mpicc.mpich mpirun.mpich
    scripts/write-table.py TESTING.md "many machines" "$work/table"
    ;;
esac
