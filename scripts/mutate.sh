#!/usr/bin/env bash
# Changes the C core in one place at a time: operators, constants, conditions, results and statements. Counts how many of these
# changes the tests of Tests/core notice, lists those that they do not, and writes the figures to docs/TESTING.md.
#
#     scripts/mutate.sh --sample 300 [--seed S] [--minutes M]    half an hour on 2 cores, or M minutes
#     scripts/mutate.sh [--only FILE]                            all of them, or those of one file: a day, or minutes
#
# It needs what scripts/coverage.sh needs, to know which tests run a line. The core is compiled with -O1 and with its
# assertions, without sanitizers; the tests run a tenth of their random rounds, and end at the first failure. The exit code
# is 1 if less than 90 % are noticed.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

swift_bin=$(dirname "$(readlink -f "$(command -v swift)" 2>/dev/null || true)")
[[ -x ${swift_bin:-}/lld ]] && PATH=$swift_bin:$PATH
mkdir "$work/coverage"
"$root/scripts/coverage.sh" export "$work/coverage"
# Not Release, which also has the tests of the core without options: another whole core.
cmake -S "$root" -B "$work/build" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER="${CC:-clang}" -DCMAKE_C_FLAGS_DEBUG=-O1 \
    -DCMAKE_C_FLAGS="-DNNK_ASSERTIONS=1 -DCHECK_FIRST=1 -DCHECK_SHARE=10" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON >"$work/log"
cmake --build "$work/build" --parallel "$(getconf _NPROCESSORS_ONLN)" >>"$work/log" || { cat "$work/log" >&2; exit 1; }
result=0
python3 "$root/Tests/mutants/mutate.py" "$work/build" "$work/coverage" "$work/table" "$@" || result=$?
[[ ! -e $work/table || $* == *--only* ]] || "$root/scripts/write-table.py" TESTING.md mutants "$work/table"
exit $result
