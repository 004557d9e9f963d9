#!/usr/bin/env bash
# Makes power, system calls and files fail, and checks that nothing is lost, half written or crashes. Linux alone.
#
#     scripts/faults.sh               everyday: a part of the points, in less than a minute on 2 cores
#     scripts/faults.sh full          every point, in about an hour; writes the table in docs/TESTING.md
#     scripts/faults.sh soak [HOURS]  random points for so long; default 8
#
# The first point that fails ends the script with exit code 1; what is printed then repeats that point alone.
# Tests/faults has the programs. NN_CLI names the nn-cli that is tested; by default it is the one that
# `swift build -c release --product nn-cli` makes, which is built if it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

tier=${1:-quick} hours=${2:-8}
case "$tier $#" in
'quick 0' | 'full 1' | 'soak 1' | 'soak 2') ;;
*) echo "usage: $0 [full | soak [HOURS]]" >&2; exit 64 ;;
esac
[[ $hours =~ ^[0-9]+$ ]] || { echo "$0: expected a whole number of hours, found $hours" >&2; exit 64; }
[[ $(uname) == Linux ]] || { echo "$0: expected Linux, whose LD_PRELOAD it uses" >&2; exit 69; }

began=$SECONDS
python=.venv/bin/python
[[ -x $python ]] || python=python3
program=${NN_CLI:-.build/release/nn-cli}
[[ -n ${NN_CLI:-} || -x $program ]] || swift build -c release --product nn-cli
work=$(mktemp -d)
# Ends what still runs: each lane is a process group of its own.
finish() {
    local lane
    for lane in $(jobs -p); do kill -- "-$lane" 2>/dev/null || true; done
    wait
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

build=build/faults
{ cmake -S Tests/faults -B "$build" && cmake --build "$build" --parallel "$(nproc)"; } >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; exit 1; }

core() { "$build/power-card" "$tier" && "$build/power-store" "$tier" && "$build/damaged" "$tier"; }
commands() { "$python" Tests/faults/host.py "$program" "$build/libcalls.so" "$1"; }
data_sets() { "$python" Tests/faults/hdf5.py "$program" "$build/libcalls.so" "$@"; }

host() {
    case $tier in
    quick) commands quick && data_sets 100 ;;
    full) commands full && data_sets 100000 ;;
    esac
}

endless() {
    local end=$((SECONDS + 3600 * hours))
    while ((SECONDS < end)); do commands 600 && data_sets 5000 $((RANDOM * 5000)) || return 1; done
}

# Runs two functions at the same time. Fails if one of them does.
side_by_side() {
    set -m
    "$1" >>"$work/points" &
    "$2" >>"$work/points" &
    set +m
    wait -n && wait -n
}

soak() { "$build/damaged" soak $((3600 * hours)); }

if [[ $tier == soak ]]; then lanes=(soak endless); else lanes=(core host); fi
side_by_side "${lanes[@]}" || { cat "$work/points" >&2; exit 1; }

cat "$work/points"
points=$(awk '{ sum += $1 } END { printf "%d", sum }' "$work/points")
echo "$points points in $((SECONDS - began)) s: 0 lost, 0 half written, 0 crashes"
[[ $tier == full ]] || exit 0
{
    printf '\n| what fails | points | lost | half written | crashes |\n| --- | ---: | ---: | ---: | ---: |\n'
    sed -E 's/^([0-9]+) points: (.*)$/| \2 | \1 | 0 | 0 | 0 |/' "$work/points"
    printf '\n'
} >"$work/table"
scripts/write-table.py TESTING.md faults "$work/table"
