#!/usr/bin/env bash
# Tests the firmware in Examples under QEMU:
# - On each board that trains, the model on the memory card must be equal to that of Examples/trainer on this
#   machine, byte for byte, and so must the first prediction. The stack used must not exceed what its calls
#   can need. One board, stm32f405, also trains centred.
# - On three processors, Examples/blink-cat must give the same predictions as on this machine.
# - The emulator is killed many times during training; the firmware must resume and end with the same model.
#
#     scripts/boards.sh              tests: 5.5 minutes of processor time, 14 minutes on 2 busy cores
#     scripts/boards.sh --counts     counts instructions and blink-cat's RAM, and writes both to docs/BOARDS.md;
#                                    2 minutes
#
# It trains on the photos of the seed document if they exist: NN_DATA is their folder (default ../shared/data,
# with the reference answers in ../shared/oracle). Otherwise it trains on drawings, which have no reference
# costs. BOARD_KILLS (100) is the number of kills; BOARD_SEED (1) seeds their random times.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
card="$root/Examples/firmware/card.py"
photos=${NN_DATA:-$root/../shared/data}
oracle=$photos/../oracle/deep_seed1.json
most_stack=1024
most_ram=430 # bytes to predict: variables and stack
kills=${BOARD_KILLS:-100}
RANDOM=${BOARD_SEED:-1}

# Folder in Examples; precision; prefix of the tools; entry point.
boards="stm32f405;f32;arm-none-eabi-;reset
cortex-m7;f64;arm-none-eabi-;reset
riscv32;f32;riscv64-unknown-elf-;start"
# The same for the boards of blink-cat, with the processor instead of the precision.
blinking="blink-cat/microbit;Cortex-M0+;arm-none-eabi-;reset
blink-cat/stm32f405;Cortex-M4F;arm-none-eabi-;reset
blink-cat/riscv32;RV32IMAC;riscv64-unknown-elf-;start"

mode=${1:-}
case "$mode" in
'' | --counts) ;;
*) echo "usage: $0 [--counts]" >&2; exit 64 ;;
esac

"$root/scripts/install-dependencies.sh" boards >&2
python=python3
[ ! -x "$root/.venv/bin/python" ] || python="$root/.venv/bin/python"

# Prints one line of the result: description, then the command that must succeed.
expect() {
    local what=$1
    shift
    if "$@" >/dev/null 2>&1; then echo "passed  $what"; else echo "FAILED  $what"; fi
}

# ---- Data, and the results on this machine ----------------------------------------------------------------

train=drawn test='' iterations=200
if [ ! -e "$photos/train_catvnoncat.h5" ]; then
    echo "SKIPPED the photos, using drawings: $photos/train_catvnoncat.h5 does not exist (set NN_DATA)"
elif ! "$python" -c 'import h5py' 2>/dev/null; then
    echo "SKIPPED the photos, using drawings: h5py is missing (pip install h5py)"
else
    train=$photos/train_catvnoncat.h5 test=$photos/test_catvnoncat.h5 iterations=2500
fi

compile=(gcc -std=gnu11 -O2 -w -I"$root/include")
mkdir "$work/core"
(cd "$work/core" && "${compile[@]}" -c "$root"/Sources/CNNKernel/*.c)
"${compile[@]}" "$root/Examples/trainer/trainer.c" "$work"/core/*.o -o "$work/trainer"
"$python" "$card" flat "$train" "$work/images"

# The bits of a number that trainer printed. Argument: index of its word.
bits_of() {
    "$python" -c "import struct; print(struct.pack('>d', float(input().split()[$1])).hex())"
}

# Writes this machine's model and the bits of its first prediction. Arguments: images, precision, method and
# options, iterations, file.
desktop() { "$work/trainer" "$1" deep "$2" "$3" "$4" 1 -o "$5" | bits_of 4 >"$5.first"; }
for precision in f32 f64; do
    desktop "$work/images" $precision dual $iterations "$work/$precision.nnk"
done
centered_iterations=$((iterations < 300 ? iterations : 300))
desktop "$work/images" f32 dual+center $centered_iterations "$work/f32-centered.nnk"

# The model for blink-cat, the images that it classifies, and its predictions on this machine.
"$work/trainer" "$work/images" deep f32 dual 2500 1 -b "$work/i8.nnk" | bits_of -1 >"$work/i8.first"
"$python" "$card" images "$train" "$work/image.bin"
cat >"$work/here.c" <<'HERE'
#include "blink.h"
#include "board.h"
#include <stdio.h>
#include <stdlib.h>

void board_write(const char *text) { fputs(text, stdout); }
void board_led(int32_t is_on) { board_write(is_on ? "(*) " : "( ) "); }
uint32_t board_receive(uint8_t *bytes, uint32_t count) { return (uint32_t)fread(bytes, 1, count, stdin); }
void board_end(int32_t code) { exit(code); }
uint32_t ram_used(void) { return 0; }
int main(void) { firmware(); }
HERE
blink=$root/Examples/blink-cat
"${compile[@]}" -z noexecstack -DMODEL="\"$work/i8.nnk\"" -I"$blink" -I"$root/Examples/firmware" "$work/here.c" \
    "$blink/blink.c" "$blink/cat.S" "$root/Examples/firmware/console.c" "$work"/core/*.o -o "$work/here"
"$work/here" <"$work/image.bin" | grep -v '^RAM' >"$work/answers"

# ---- Boards -----------------------------------------------------------------------------------------------

# Runs make for a board. Arguments: folder, or folder/board as in blink-cat/microbit; target.
make_board() {
    make -s -C "$root/Examples/${1%/*}" BOARD="${1#*/}" BUILD="$work/$1" MODEL="$work/i8.nnk" "${@:2}"
}

# Builds a board's firmware; shows the log only if that fails.
build() {
    local log="$work/log-${1/\//-}"
    make_board "$1" >"$log" 2>&1 || { cat "$log" >&2; return 1; }
}

# Runs the firmware with the card in a folder. Arguments: board, QEMU's options, folder, command prefix
# (timeout).
run() {
    local folder=$3 emulator
    emulator="$(make_board "$1" emulator) $2"
    shift 3
    # shellcheck disable=SC2086 # a command with arguments
    (cd "$folder" && exec "$@" $emulator) >"$folder/log" 2>&1
}

# Checks that a program has no allocator and no undefined symbol. Arguments: prefix of the tools, program.
stands_alone() { ! "$1nm" "$2" | grep -E ' ([Uuw] .*|. _*(malloc|calloc|realloc|free|sbrk)(_r)?)$'; }

# Bytes of a program's .data and .bss. Arguments: prefix of the tools, program.
variable_bytes() { "$1size" "$2" | awk 'NR == 2 { print $2 + $3 }'; }

# Checks that the costs in a log are equal to the reference.
costs_agree() {
    "$python" - "$1" "$oracle" <<'PYTHON'
import json, re, sys
log, oracle = (open(name).read() for name in sys.argv[1:])
found = {int(i): float(cost) for i, cost in re.findall(r"Cost after iteration (\d+): (\S+)", log)}
expected = dict(json.loads(oracle)["costs"])
sys.exit(found.keys() != expected.keys() or max(abs(found[i] - c) for i, c in expected.items()) > 1e-10)
PYTHON
}

# All tests of one board that trains. Arguments: folder, precision, prefix, entry point.
examine() {
    local board=$1 precision=$2 prefix=$3 start=$4
    local folder="$work/card-$1" program="$work/$1/firmware.elf" used most
    mkdir "$folder"
    build "$board" || { echo "FAILED  $board: builds"; return; }
    expect "$board: no allocator, no undefined symbol" stands_alone "$prefix" "$program"
    # shellcheck disable=SC2086 # $test may be empty
    "$python" "$card" make "$folder/card.img" "$train" $test --iterations $iterations
    SECONDS=0
    expect "$board: trains $iterations iterations and evaluates" run "$board" "" "$folder"
    "$python" "$card" model "$folder/card.img" "$folder/model" || true
    expect "$board: same model as on this machine in $precision, byte for byte ($SECONDS s)" \
        cmp "$folder/model" "$work/$precision.nnk"
    expect "$board: same first prediction as on this machine, to the bit" \
        grep "training set: .*bits $(cat "$work/$precision.nnk.first")" "$folder/log"
    if [ $precision = f64 ] && [ "$train" != drawn ]; then
        expect "$board: costs equal to the reference within 1e-10" costs_agree "$folder/log"
    fi
    used=$(sed -n 's/^stack used: \([0-9]*\) bytes$/\1/p' "$folder/log")
    most=$("$root/scripts/footprint.py" "$prefix" "$program" "$start" read=card_image,card_file_read \
        write=card_file_write | cut -f 4)
    expect "$board: ${used:=unknown} bytes of stack used; the calls can need $most; $most_stack allowed" \
        test "$used" -le "$most" -a "$most" -le $most_stack
    sed -n "s/^\(.* set: [^;]*\);.*/        $board: \1/p" "$folder/log"
    [ "$board" != stm32f405 ] || examine_centered "$board" "$precision"
}

# Tests a board that is built, with the mean of the images taken off. Arguments: folder, precision.
examine_centered() {
    local board=$1 precision=$2 folder="$work/centered-$1"
    mkdir "$folder"
    "$python" "$card" make "$folder/card.img" "$train" --iterations "$centered_iterations" --center
    SECONDS=0
    expect "$board: trains $centered_iterations iterations centred and evaluates" run "$board" "" "$folder"
    "$python" "$card" model "$folder/card.img" "$folder/model" || true
    expect "$board: same centred model as on this machine in $precision, byte for byte ($SECONDS s)" \
        cmp "$folder/model" "$work/$precision-centered.nnk"
    expect "$board: same first prediction as on this machine, to the bit" \
        grep "training set: .*bits $(cat "$work/$precision-centered.nnk.first")" "$folder/log"
}

# Makes a folder with images in which blink-cat runs. Argument: board.
image_folder() {
    local folder="$work/images-${1/\//-}"
    mkdir "$folder"
    ln -s "$work/image.bin" "$folder/image.bin"
    echo "$folder"
}

# Bytes of RAM that blink-cat used, read from its log.
ram_of() { sed -n 's/^RAM used: \([0-9]*\) bytes$/\1/p' "$1"; }

# All tests of one board that predicts. Arguments: board, processor, prefix, entry point.
examine_blink() {
    local board=$1 prefix=$3 start=$4 program="$work/$1/firmware.elf" folder used most
    folder=$(image_folder "$board")
    build "$board" || { echo "FAILED  $board: builds"; return; }
    expect "$board: no allocator, no undefined symbol" stands_alone "$prefix" "$program"
    expect "$board: runs to the end" run "$board" "" "$folder"
    grep -v '^RAM' "$folder/log" >"$folder/answers" || true
    expect "$board: same $(wc -l <"$folder/answers") predictions as on this machine, to the bit" \
        cmp "$folder/answers" "$work/answers"
    used=$(ram_of "$folder/log")
    most=$("$root/scripts/footprint.py" "$prefix" "$program" "$start" | cut -f 4)
    most=$((most + $(variable_bytes "$prefix" "$program")))
    expect "$board: ${used:=unknown} bytes of RAM used; it can need $most; less than $most_ram allowed" \
        test "$used" -le "$most" -a "$most" -lt "$most_ram"
}

# ---- Loss of power ----------------------------------------------------------------------------------------
# A small job on drawings with a checkpoint every 20 slices, so that much of the time is spent writing to the
# card. Whenever a run reaches its end, its model is compared, and the next run starts with a new card.

# The stage at which a log ends: begin, step or finish; empty before the start and after the model is written.
stage_of() {
    case "$(<"$1")" in
    '' | *'writing the model took'* | *'model is already'*) ;;
    *'iterations took'* | *'resuming: model'*) echo finish ;;
    *'setup took'* | *'resuming: iterations'*) echo step ;;
    *) echo begin ;;
    esac
}

unplug() {
    local board=cortex-m7 folder="$work/unplugged" left=$kills status=0 right=0 wrong=0 lost=0 saved=no
    local whole delay stage
    local new_card=("$python" "$card" make "$folder/card.img" drawn --iterations 300 --checkpoint-every 20)
    mkdir "$folder"
    build $board
    desktop drawn f64 dual 300 "$work/small.nnk"
    "${new_card[@]}"
    whole=$(date +%s%N)
    run $board "" "$folder" || status=$?
    whole=$((($(date +%s%N) - whole) / 1000000)) # milliseconds
    "${new_card[@]}"
    : >"$work/stages"
    while [ "$left" -gt 0 ] || [ $status = 137 ]; do
        delay=$((RANDOM % whole))
        delay=$(printf '%d.%03d' $((delay / 1000)) $((delay % 1000)))
        [ "$left" -gt 0 ] || delay=infinity
        status=0
        { run $board "" "$folder" timeout -s KILL "$delay" || status=$?; } 2>/dev/null
        # Setup alone takes longer than the time between two checkpoints, so from then on one must be there.
        [ $saved = no ] || ! grep -q "starting a new run" "$folder/log" || lost=$((lost + 1))
        stage=$(stage_of "$folder/log")
        [ "${stage:-begin}" = begin ] || saved=yes
        if [ $status = 0 ]; then
            rm -f "$folder/model"
            "$python" "$card" model "$folder/card.img" "$folder/model" || true
            cmp -s "$folder/model" "$work/small.nnk" && right=$((right + 1)) || wrong=$((wrong + 1))
            [ "$left" = 0 ] || { "${new_card[@]}"; saved=no; }
        elif [ $status = 137 ]; then
            [ -z "$stage" ] || echo "$stage" >>"$work/stages"
            left=$((kills - $(wc -l <"$work/stages")))
        else
            break # an error of the firmware
        fi
    done
    stage=$(sort "$work/stages" | uniq -c | xargs)
    expect "$board: killed $kills times ($stage), $lost times no checkpoint was left" \
        test "$left $status $lost" = "0 0 0"
    expect "$board: killed in begin, in step and in finish" test "$(sort -u "$work/stages" | wc -l)" = 3
    expect "$board: $right of $((right + wrong)) models after kills are the same as on this machine" \
        test "$right" -gt 0 -a $wrong = 0
}

# ---- Instructions -----------------------------------------------------------------------------------------
# With -icount shift=0 the emulator's clock advances one nanosecond per instruction, so a microsecond that a
# board prints is a thousand instructions.

count() {
    local board=$1 precision=$2 folder="$work/count-$1" counted=100 took
    mkdir "$folder"
    build "$board"
    "$python" "$card" make "$folder/card.img" "$train" --iterations $counted --cost-every 0
    run "$board" "-icount shift=0" "$folder"
    took=$(sed -n 's/^.* took \([0-9]*\) us$/\1/p' "$folder/log" | tr '\n' ' ')
    read -r setup loop model <<<"$took"
    printf '| %s | %s | %s | %s | %s |\n' "$board" "$precision" $((setup / 1000)) \
        "$((loop / counted / 1000)).$((loop / counted % 1000 / 100))" $((model / 1000))
}

count_ram() {
    local folder
    folder=$(image_folder "$1")
    build "$1"
    run "$1" "" "$folder"
    printf '| %s | %s | %s |\n' "${1#*/}" "$2" "$(ram_of "$folder/log")"
}

if [ "$mode" = --counts ]; then
    {
        echo "| board | type | setup | per iteration | writing the model |"
        echo "| --- | --- | ---: | ---: | ---: |"
        while IFS=';' read -r board precision _ _; do count "$board" "$precision"; done <<<"$boards"
    } | tee "$work/table"
    "$root/scripts/write-table.py" counts "$work/table"
    {
        echo "| BOARD | processor | RAM used |"
        echo "| --- | --- | ---: |"
        while IFS=';' read -r board processor _ _; do count_ram "$board" "$processor"; done <<<"$blinking"
    } | tee "$work/table"
    "$root/scripts/write-table.py" ram "$work/table"
    exit
fi

export -f make_board build run stands_alone costs_agree examine examine_centered expect
export root work card train test iterations centered_iterations python oracle most_stack
tr ';' '\n' <<<"$boards" | xargs -n 4 -P 2 bash -c 'examine "$@" >"$work/lines-$1"' examine
{
    expect "blink-cat: same first prediction as trainer on this machine, to the bit" \
        grep -m 1 "bits $(cat "$work/i8.first")" <(head -n 1 "$work/answers")
    while IFS=';' read -r -a row; do examine_blink "${row[@]}"; done <<<"$blinking"
} >"$work/lines-blink"
unplug >"$work/lines-unplugged"
cat "$work"/lines-* | tee "$work/lines"
passed=$(grep -c '^passed' "$work/lines" || true)
failed=$(grep -c '^FAILED' "$work/lines" || true)
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
