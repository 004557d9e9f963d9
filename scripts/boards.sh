#!/usr/bin/env bash
# Builds the firmware of every board in Examples, runs it under QEMU, and compares what it leaves on its
# memory card with what Examples/trainer computes here: the model, byte for byte, and the first prediction.
# Compares the stack that it used with what its calls can need. Then kills the emulator again and again while
# it trains.
#
#     scripts/boards.sh              tests: 5.5 minutes of processor time, 14 minutes on 2 busy cores
#     scripts/boards.sh --counts     counts instructions and writes them into docs/BOARDS.md; 2 minutes
#
# Trains on the photos of the seed document where they are: NN_DATA names their folder (default
# ../shared/data, with the reference answers in ../shared/oracle); else on drawings, which have no reference
# costs. BOARD_KILLS (100) says how many times the emulator is killed, BOARD_SEED (1) chooses the moments.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
card="$root/Examples/firmware/card.py"
photos=${NN_DATA:-$root/../shared/data}
oracle=$photos/../oracle/deep_seed1.json
most_stack=1024
kills=${BOARD_KILLS:-100}
RANDOM=${BOARD_SEED:-1}

# Folder in Examples; precision; prefix of the tools; where the program starts.
boards="stm32f405;f32;arm-none-eabi-;reset
cortex-m7;f64;arm-none-eabi-;reset
riscv32;f32;riscv64-unknown-elf-;start"

mode=${1:-}
case "$mode" in
'' | --counts) ;;
*) echo "usage: $0 [--counts]" >&2; exit 64 ;;
esac

"$root/scripts/install-dependencies.sh" boards >&2
python=python3
[ ! -x "$root/.venv/bin/python" ] || python="$root/.venv/bin/python"

# A line of the result: what, then the command that must succeed.
expect() {
    local what=$1
    shift
    if "$@" >/dev/null 2>&1; then echo "passed  $what"; else echo "FAILED  $what"; fi
}

# ---- Data, and the desktop's answers ----------------------------------------------------------------------

train=drawn test='' iterations=200
if [ ! -e "$photos/train_catvnoncat.h5" ]; then
    echo "SKIPPED the photos, drawings instead: there is no $photos/train_catvnoncat.h5 (set NN_DATA)"
elif ! "$python" -c 'import h5py' 2>/dev/null; then
    echo "SKIPPED the photos, drawings instead: there is no h5py (pip install h5py)"
else
    train=$photos/train_catvnoncat.h5 test=$photos/test_catvnoncat.h5 iterations=2500
fi

gcc -std=gnu11 -O2 -w -I"$root/include" "$root"/Examples/trainer/trainer.c "$root"/Sources/CNNKernel/*.c \
    -o "$work/trainer"
"$python" "$card" flat "$train" "$work/images"

# The desktop's model, and the bits of its first prediction: images, precision, iterations, file.
desktop() {
    "$work/trainer" "$1" deep "$2" dual "$3" 1 -o "$4" |
        "$python" -c 'import struct; print(struct.pack(">d", float(input().split()[-1])).hex())' >"$4.first"
}
for precision in f32 f64; do
    desktop "$work/images" $precision $iterations "$work/$precision.nnk"
done

# ---- Boards -----------------------------------------------------------------------------------------------

# Builds a board's firmware; what goes wrong is shown.
build() {
    make -s -C "$root/Examples/$1" BUILD="$work/$1" >"$work/log-$1" 2>&1 ||
        { cat "$work/log-$1" >&2; return 1; }
}

# Runs it with the card in a folder: board, options of QEMU, folder, what stands before the command (timeout).
run() {
    local folder=$3 emulator
    emulator="$(make -s -C "$root/Examples/$1" BUILD="$work/$1" emulator) $2"
    shift 3
    # shellcheck disable=SC2086 # a command with arguments
    (cd "$folder" && exec "$@" $emulator) >"$folder/log" 2>&1
}

# Whether a program is free of allocators, and asks for nothing that it has not: prefix of the tools, program.
stands_alone() { ! "$1nm" "$2" | grep -E ' ([Uuw] .*|. _*(malloc|calloc|realloc|free|sbrk)(_r)?)$'; }

# Whether the costs in a log are the reference's.
costs_agree() {
    "$python" - "$1" "$oracle" <<'PYTHON'
import json, re, sys
log, oracle = (open(name).read() for name in sys.argv[1:])
found = {int(i): float(cost) for i, cost in re.findall(r"Cost after iteration (\d+): (\S+)", log)}
expected = dict(json.loads(oracle)["costs"])
sys.exit(found.keys() != expected.keys() or max(abs(found[i] - c) for i, c in expected.items()) > 1e-10)
PYTHON
}

# All that one board has to show: folder, precision, prefix, start.
examine() {
    local board=$1 precision=$2 prefix=$3 start=$4
    local folder="$work/card-$1" program="$work/$1/firmware.elf" used most
    mkdir "$folder"
    build "$board" || { echo "FAILED  $board: builds"; return; }
    expect "$board: no allocator, nothing undefined" stands_alone "$prefix" "$program"
    # shellcheck disable=SC2086 # there may be no test set
    "$python" "$card" make "$folder/card.img" "$train" $test --iterations $iterations
    SECONDS=0
    expect "$board: trains $iterations iterations, evaluates" run "$board" "" "$folder"
    "$python" "$card" model "$folder/card.img" "$folder/model" || true
    expect "$board: the model is the desktop's in $precision, byte for byte ($SECONDS s)" \
        cmp "$folder/model" "$work/$precision.nnk"
    expect "$board: the first prediction is the desktop's, to the bit" \
        grep "training set: .*bits $(cat "$work/$precision.nnk.first")" "$folder/log"
    if [ $precision = f64 ] && [ "$train" != drawn ]; then
        expect "$board: costs are the reference's, within 1e-10" costs_agree "$folder/log"
    fi
    used=$(sed -n 's/^stack used: \([0-9]*\) bytes$/\1/p' "$folder/log")
    most=$("$root/scripts/footprint.py" "$prefix" "$program" "$start" read=card_image,card_file_read \
        write=card_file_write | cut -f 4)
    expect "$board: ${used:=unknown} bytes of stack used, at most $most by its calls, $most_stack allowed" \
        test "$used" -le "$most" -a "$most" -le $most_stack
    sed -n "s/^\(.* set: [^;]*\);.*/        $board: \1/p" "$folder/log"
}

# ---- Power that goes --------------------------------------------------------------------------------------
# A small job on drawings, with a checkpoint every 20 slices, so that much of the time goes into writing the
# card. Whenever a run comes to its end, its model is compared and a new card begins.

# At which stage a log ends: begin, step or finish; nothing before it began or after the model is written.
stage_of() {
    case "$(<"$1")" in
    '' | *'writing the model took'* | *'model is there'*) ;;
    *'iterations took'* | *'goes on with the model'*) echo finish ;;
    *'setup took'* | *'goes on with the iterations'*) echo step ;;
    *) echo begin ;;
    esac
}

unplug() {
    local board=cortex-m7 folder="$work/unplugged" left=$kills status=0 right=0 wrong=0 lost=0 saved=no
    local whole delay stage
    local new_card=("$python" "$card" make "$folder/card.img" drawn --iterations 300 --checkpoint-every 20)
    mkdir "$folder"
    build $board
    desktop drawn f64 300 "$work/small.nnk"
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
        # Setup alone takes longer than it is from one checkpoint to the next.
        [ $saved = no ] || ! grep -q begins "$folder/log" || lost=$((lost + 1))
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
    expect "$board: killed $kills times ($stage), $lost times without a checkpoint left" \
        test "$left $status $lost" = "0 0 0"
    expect "$board: killed in begin, in step and in finish" test "$(sort -u "$work/stages" | wc -l)" = 3
    expect "$board: $right of $((right + wrong)) models that came of it are the desktop's" \
        test "$right" -gt 0 -a $wrong = 0
}

# ---- Instructions -----------------------------------------------------------------------------------------
# With -icount shift=0 the emulator's clock goes on by a nanosecond an instruction: the microseconds that a
# board shows are thousands of instructions.

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

if [ "$mode" = --counts ]; then
    {
        echo "| | | setup | an iteration | writing the model |"
        echo "| --- | --- | ---: | ---: | ---: |"
        while IFS=';' read -r board precision _ _; do count "$board" "$precision"; done <<<"$boards"
    } | tee "$work/table"
    "$root/scripts/write-table.py" counts "$work/table"
    exit
fi

export -f build run stands_alone costs_agree examine expect
export root work card train test iterations python oracle most_stack
tr ';' '\n' <<<"$boards" | xargs -n 4 -P 2 bash -c 'examine "$@" >"$work/lines-$1"' examine
unplug >"$work/lines-unplugged"
cat "$work"/lines-* | tee "$work/lines"
passed=$(grep -c '^passed' "$work/lines" || true)
failed=$(grep -c '^FAILED' "$work/lines" || true)
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
