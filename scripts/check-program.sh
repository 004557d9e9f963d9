#!/usr/bin/env bash
# Checks how a program of a release is linked (Linux): scripts/check-program.sh PROGRAM [WORD...]. None of the words, such
# as the folder that it was built in, may be in it. Prints what is wrong, one line each.
set -euo pipefail
export LC_ALL=C

program=$1
shift
header=$(readelf -hW "$program")
segments=$(readelf -lW "$program")
sections=$(readelf -SW "$program")
dynamic=$(readelf -dW "$program")
wrong=0

# expect WHAT PATTERN TEXT: a line matches. forbid: no line does.
found() { grep -qE -- "$1" <<<"$2"; }
complain() { echo "$program: expected $1" >&2 && wrong=1; }
expect() { found "$2" "$3" || complain "$1"; }
forbid() { ! found "$2" "$3" || complain "$1"; }

expect "a position-independent executable" 'Type: +DYN \(Position-Independent' "$header"
expect "all symbols bound at the start (BIND_NOW)" '\(FLAGS(_1)?\).*\b(BIND_)?NOW\b' "$dynamic"
expect "relocated data that becomes read-only (RELRO)" '^ +GNU_RELRO' "$segments"
forbid "no folder to look for libraries in (RPATH, RUNPATH)" '\((RPATH|RUNPATH)\)' "$dynamic"
forbid "no code that is relocated (TEXTREL)" 'TEXTREL' "$dynamic"
expect "a stack that cannot be executed" '^ +GNU_STACK .* RW +0' "$segments"
forbid "no segment that can be written and executed" '^ +LOAD .* RWE ' "$segments"
forbid "no symbols and no debug information" '\.(symtab|debug_info)\b' "$sections"
forbid "no number of the build" '\.note\.gnu\.build-id' "$sections"
for word in "$@"; do ! grep -qaF -- "$word" "$program" || complain "no word $word"; done
exit "$wrong"
