#!/usr/bin/env bash
# Tests the firmware in Examples under QEMU:
# - On each board that trains, the model on the memory card must be equal to that of Examples/trainer on this
#   machine, byte for byte, and so must the first prediction: built with the core's fast paths and without, and
#   on one board also centred. The stack used must not exceed what its calls can need.
# - With floats like those of the Pico SDK on an RP2040, which flush subnormal numbers, a board trains the same
#   model.
# - On three processors, Examples/blink-cat must give the same predictions as on this machine.
# - On two processors, blink-cat first learns 32 photos of another place than its model was trained in, in 20 KB.
# - The emulator is killed many times during training; the firmware must resume and end with the same model.
#
#     scripts/boards.sh              tests: 5.5 minutes of processor time, 14 minutes on 2 busy cores
#     scripts/boards.sh --counts     counts instructions, what blink-cat learns and its RAM, and writes these to
#                                    docs/BOARDS.md; 8 minutes
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

# Folder in Examples; precision; prefix of the tools; entry point; most images that it trains on.
boards="stm32f405;f32;arm-none-eabi-;reset;209
cortex-m7;f64;arm-none-eabi-;reset;209
riscv32;f32;riscv64-unknown-elf-;start;209
lm3s6965evb;f32;arm-none-eabi-;reset;138
microbit;f32;arm-none-eabi-;reset;9"
# The same for the boards of blink-cat, with the processor instead of the precision.
blinking="blink-cat/microbit;Cortex-M0+;arm-none-eabi-;reset
blink-cat/stm32f405;Cortex-M4F;arm-none-eabi-;reset
blink-cat/riscv32;RV32IMAC;riscv64-unknown-elf-;start"

# The same for those that learn first.
learning="blink-cat/cortex-m0plus;Cortex-M0+;arm-none-eabi-;reset
blink-cat/stm32f405;Cortex-M4F;arm-none-eabi-;reset"

mode=${1:-}
case "$mode" in
'' | --counts) ;;
*) echo "usage: $0 [--counts]" >&2; exit 64 ;;
esac

"$root/scripts/install-dependencies.sh" boards >&2
python=python3
for choice in "$root/.venv/bin/python" /usr/bin/python3; do
    "$python" -c 'import h5py' 2>/dev/null || [ ! -x "$choice" ] || python=$choice
done

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
    echo "SKIPPED the photos, using drawings: h5py is missing (apt install python3-h5py)"
else
    train=$photos/train_catvnoncat.h5 test=$photos/test_catvnoncat.h5 iterations=2500
fi

compile=(gcc -std=gnu11 -O2 -w -I"$root/include")
mkdir "$work/core"
(cd "$work/core" && "${compile[@]}" -c "$root"/Sources/CNNKernel/*.c)
"${compile[@]}" "$root/Examples/trainer/trainer.c" "$work"/core/*.o -o "$work/trainer"
"$python" "$card" flat "$train" "$work/images"
few_iterations=$((iterations < 300 ? iterations : 300))

# The bits of a number that trainer printed. Argument: index of its word.
bits_of() {
    "$python" -c "import struct; print(struct.pack('>d', float(input().split()[$1])).hex())"
}

# Writes this machine's model and the bits of its first prediction. Arguments: images, precision, method and
# options, iterations, file.
desktop() { "$work/trainer" "$1" deep "$2" "$3" "$4" 1 -o "$5" | bits_of 4 >"$5.first"; }
while IFS=';' read -r board precision _ _ most; do
    "$python" "$card" flat "$work/images" "$work/images-$board" --images "$most"
    desktop "$work/images-$board" $precision dual $iterations "$work/whole-$board.nnk"
    desktop "$work/images-$board" $precision dual $few_iterations "$work/small-$board.nnk"
    desktop "$work/images-$board" $precision dual+center $few_iterations "$work/centered-$board.nnk"
done <<<"$boards"

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

# Runs make for a board. Arguments: folder, or folder/board as in blink-cat/microbit; then for make: variables,
# targets.
make_board() {
    make -s -C "$root/Examples/${1%/*}" BOARD="${1#*/}" BUILD="$work/$1" MODEL="$work/i8.nnk" "${@:2}"
}

# Builds a board's firmware; shows the log only if that fails. Arguments: as for make_board.
build() {
    local log="$work/log-${1/\//-}"
    make_board "$@" >"$log" 2>&1 || { cat "$log" >&2; return 1; }
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

# Trains with the firmware that is built, and compares. Arguments: board, precision, name of this machine's
# model (whole, small, centered), iterations, and what card.py gets besides.
compare() {
    local board=$1 precision=$2 name=$3 count=$4 folder="$work/card-$1" reference="$work/$3-$1.nnk"
    rm -rf "$folder"
    mkdir "$folder"
    "$python" "$card" make "$folder/card.img" "$work/images-$board" "${@:5}" --iterations "$count"
    SECONDS=0
    expect "$board, $name: trains $count iterations and evaluates" run "$board" "" "$folder"
    "$python" "$card" model "$folder/card.img" "$folder/model" || true
    expect "$board, $name: same model as on this machine in $precision, byte for byte ($SECONDS s)" \
        cmp "$folder/model" "$reference"
    expect "$board, $name: same first prediction as on this machine, to the bit" \
        grep "training set: .*bits $(cat "$reference.first")" "$folder/log"
}

# All tests of one board that trains. Arguments: folder, precision, prefix, entry point.
examine() {
    local board=$1 precision=$2 prefix=$3 start=$4
    local log="$work/card-$1/log" program="$work/$1/firmware.elf" used most
    build "$board" || { echo "FAILED  $board: builds"; return; }
    expect "$board: no allocator, no undefined symbol" stands_alone "$prefix" "$program"
    # shellcheck disable=SC2086 # $test may be empty
    compare "$board" $precision whole $iterations $test
    if [ $precision = f64 ] && [ "$train" != drawn ]; then
        expect "$board: costs equal to the reference within 1e-10" costs_agree "$log"
    fi
    used=$(sed -n 's/^stack used: \([0-9]*\) bytes$/\1/p' "$log")
    most=$("$root/scripts/footprint.py" "$prefix" "$program" "$start" read=card_image,card_file_read \
        write=card_file_write | cut -f 4)
    expect "$board: ${used:=unknown} bytes of stack used; the calls can need $most; $most_stack allowed" \
        test "$used" -le "$most" -a "$most" -le $most_stack
    sed -n "s/^\(.* set: [^;]*\);.*/        $board: \1/p" "$log"
    [ "$board" != stm32f405 ] || compare "$board" $precision centered $few_iterations --center
    build "$board" FAST=0 || { echo "FAILED  $board: builds without fast paths"; return; }
    compare "$board" $precision small $few_iterations
}

# ---- Floats of an RP2040 ----------------------------------------------------------------------------------

# The Pico SDK replaces the compiler's functions for floats on an RP2040; Tests/embedding/pico has functions
# that flush as these do. The core must refuse them, or, once it knows of the SDK, not call them.
examine_pico() {
    local board=microbit precision=f32 function wrap=
    local pico="$root/Tests/embedding/pico"
    for function in fadd fsub fmul fdiv fcmpeq fcmplt fcmple fcmpge fcmpgt f2d \
        dadd dsub dmul ddiv dcmpeq dcmplt dcmple dcmpge dcmpgt d2f; do
        wrap+=" -Wl,--wrap=__aeabi_$function"
    done
    local with=("SOURCES=board.c \$(TRAINING) start_arm.c rom_floats.c" "VPATH=$pico"
        "MORE_LINK=$wrap")
    build $board "${with[@]}"
    rm -rf "$work/card-$board"
    mkdir "$work/card-$board"
    "$python" "$card" make "$work/card-$board/card.img" "$work/images-$board" --iterations 1
    run $board "" "$work/card-$board" || true
    expect "$board with an RP2040's floats: refuses to train" \
        grep "^training: floating point is not as the results require" "$work/card-$board/log"
    build $board "${with[@]}" "MORE_FLAGS=-DLIB_PICO_FLOAT_PICO=1 -DLIB_PICO_DOUBLE_PICO=1"
    compare $board $precision small $few_iterations
}

# ---- What every board's build relies on -------------------------------------------------------------------

# Compiles for a processor as docs/BOARDS.md says. Arguments: a name in $processors, options, files.
processors="arm-none-eabi-gcc -mcpu=cortex-m0plus -mthumb
arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb
riscv64-unknown-elf-gcc -march=rv32imac -mabi=ilp32 -ffreestanding
gcc
clang
clang --target=arm-none-eabi -mcpu=cortex-m4 -ffreestanding"
as_documented=(-std=gnu11 -w -ffunction-sections -fdata-sections -I"$root/include" -I"$root/Examples/firmware")

# Whether the functions of memory.c are loops. Argument: a compiler's command.
memory_is_loops() {
    local level folder="$work/memory"
    mkdir -p "$folder"
    for level in -Os -O2 -O3; do
        $1 "${as_documented[@]}" $level -S "$root/Examples/firmware/memory.c" -o "$folder/memory.s" || return 1
        # A jump or call whose target is one of the functions.
        ! grep -E '^[[:space:]]+[a-z.]+[[:space:]].*\bmem(cpy|set|cmp|move)(@PLT)?$' <(
            grep -vE '^[[:space:]]*\.' "$folder/memory.s") || return 1
    done
}

# Without vector registers, nnk_fastest answers the scalar kernels, and no others are linked.
fastest_is_scalar() {
    local folder="$work/fastest"
    mkdir "$folder"
    echo '#include "nnkernel/nnkernel.h"
        const void *volatile all[2];
        void program(void) { all[0] = nnk_fastest(NNK_F32), all[1] = nnk_fastest_inference(NNK_F64); }' \
        >"$folder/program.c"
    (
        cd "$folder"
        arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb "${as_documented[@]}" -ffreestanding -fstack-usage -O2 -c program.c \
            "$root"/Sources/CNNKernel/*.c "$root/Examples/firmware/memory.c"
        arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -nostdlib -Wl,--gc-sections,-e,program ./*.o -lgcc -o program
        arm-none-eabi-nm program >symbols
        grep -q ' nnk_f32$' symbols && grep -q ' nnk_f64_contrast_inference$' symbols && ! grep _vectors symbols
        ! awk '$2 > 1024' f32*.su f64*.su i8*.su | grep .
    )
}

examine_builds() {
    local compiler
    while read -r compiler; do
        if ! command -v "${compiler%% *}" >/dev/null; then
            echo "SKIPPED $compiler is missing"
        else
            expect "memory.c: loops when built by $compiler" memory_is_loops "$compiler"
        fi
    done <<<"$processors"
    expect "nnk_fastest on a Cortex-M4: the scalar kernels, and none for vectors" fastest_is_scalar
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

# ---- Learning from a model in flash -----------------------------------------------------------------------
# The factory's model is trained on photos of two things in one place, with own contrast and centred. The user
# has photos of them from another place: in each class 16, from which the board learns, and 12 that were taken
# later, which it then classifies.

# Makes the data of a case in a folder: factory and own (flat files), image.bin. Argument: folder; then places
# and things of the camera's photos, or nothing for drawings.
make_case() {
    mkdir "$1"
    "$python" - "$photos/camera" "$work/images" "$@" <<'PYTHON'
import pathlib, struct, sys
photos, drawn, folder, *case = sys.argv[1:]
folder = pathlib.Path(folder)

def write(name, classes):
    images = [image for pair in zip(*classes) for image in pair]
    flat = struct.pack("<I", len(images)) + bytes([0, 1] * (len(images) // 2)) + b"".join(images)
    (folder / name).write_bytes(flat)
    return b"".join(images)

if case:
    from PIL import Image
    def load(place, thing):
        files = sorted(next(pathlib.Path(photos, place).glob("?" + thing)).glob("*.jpg"))
        return [Image.open(f).convert("RGB").resize((64, 64), Image.Resampling.BILINEAR).tobytes() for f in files]
    here, there, *things = case
    factory, user = ([load(place, thing) for thing in things] for place in (here, there))
else:
    flat = open(drawn, "rb").read()
    (m,) = struct.unpack_from("<I", flat)
    images = [flat[4 + m + 12288 * i :][:12288] for i in range(m)]
    factory = user = [[x for x, label in zip(images, flat[4:]) if label == wanted] for wanted in (0, 1)]
write("factory", factory)
write("own", [images[:16] for images in user])
(folder / "image.bin").write_bytes(write("later", [images[18:] or images[16:] or images[:16] for images in user]))
PYTHON
    "$work/trainer" "$1/factory" deep f32 wide+center+contrast 2000 1 -b "$1/factory.nnk" >/dev/null
    "$work/trainer" "$1/own" deep f32 dual+center+contrast 500 1 -s "$1/factory.nnk" -b "$1/own.nnk" >/dev/null
}

# Learns the photos of a case and classifies the later ones. Arguments: board, case's folder.
learn() {
    "$python" "$card" make "$2/card.img" "$2/own" --iterations 500 --center
    make_board "$1" LEARN=1 MODEL="$2/factory.nnk" >"$2/log-make" 2>&1 || { cat "$2/log-make" >&2; return 1; }
    run "$1" "" "$2"
}

# "23 of 24": how many of the later photos a log has right. Their classes take turns.
right_of() { awk '/^\(/ { n++; right += ($1 == "(*)") == (n % 2 == 0) } END { print right + 0, "of", n + 0 }' "$1"; }

examine_learning() {
    local board=$1 prefix=$3 start=$4 folder="$work/case-${1#*/}"
    cp -R "$work/case" "$folder"
    expect "$board learns: trains on the user's photos and classifies" learn "$board" "$folder"
    "$python" "$card" model "$folder/card.img" "$folder/model" || true
    expect "$board learns: same model as on this machine, byte for byte" cmp "$folder/model" "$folder/own.nnk"
    expect "$board learns: $(ram_of "$folder/log") bytes of RAM in all; less than 21504 allowed" \
        test "$(ram_of "$folder/log")" -lt 21504
    echo "        $board: $(right_of "$folder/log") right"
    grep -v '^RAM' "$folder/log" >"$folder/answers" || true
    expect "$board learns: next time, classifies with the model on the card" run "$board" "" "$folder"
    expect "$board learns: same predictions" cmp <(grep -v '^RAM' "$folder/log") "$folder/answers"
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
    build $board FAST=1
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

# Runs the whole job with a firmware that measures itself, and prints the words for count-tables.py.
# Arguments: board, precision, fast or small.
count() {
    local board=$1 precision=$2 core=$3 folder="$work/count-$1-$3"
    mkdir "$folder"
    build "$board" PROFILE=1 FAST=$([ "$core" = small ]; echo $?)
    "$python" "$card" make "$folder/card.img" "$train" --iterations $iterations --cost-every 0
    run "$board" "-icount shift=0" "$folder"
    echo "$board,$precision,$core,$folder/log"
}

# Arguments: places and things, as for make_case.
count_learning() {
    local folder="$work/$1-$2-$3-$4" board=blink-cat/stm32f405
    make_case "$folder" "$@"
    learn $board "$folder"
    mv "$folder/log" "$folder/log-after"
    rm "$folder/card.img"
    run $board "" "$folder"
    echo "| $1 | $2 | $3 or $4 | $(right_of "$folder/log") | $(right_of "$folder/log-after") |"
}

count_ram() {
    local folder
    folder=$(image_folder "$1")
    build "$1"
    run "$1" "" "$folder"
    printf '| %s | %s | %s |\n' "${1#*/}" "$2" "$(ram_of "$folder/log")"
}

# Runs a firmware of Tests/boards that measures itself, on the STM32F405, and prints where its log is. Its folder may
# have a card. Arguments: name, options of make.
count_program() {
    local name=$1 folder="$work/count-$1"
    local options=(TRAINING="$1.c card.c console.c memory.c semihosting.c stack.c"
        VPATH="$root/Tests/boards" BUILD="$work/$1" "${@:2}")
    mkdir -p "$folder"
    build stm32f405 "${options[@]}"
    # shellcheck disable=SC2046 # a command with arguments
    (cd "$folder" && $(make_board stm32f405 emulator "${options[@]}") -icount shift=0) >"$folder/log" 2>&1
    echo "$folder/log"
}

# What it takes that images come and go.
count_changes() {
    mkdir "$work/count-adding"
    "$python" "$card" make "$work/count-adding/card.img" "$train" --center
    count_program adding
}

# The longest steps of opening, reading and quantizing a model: the program prints the rows.
count_opening() {
    echo "| step | model | longest |"
    echo "| --- | --- | ---: |"
    grep '^|' "$(count_program opening IMAGES=1)"
}

if [ "$mode" = --counts ]; then
    "$root/scripts/count-tables.py" changes "$(count_changes)" | tee "$work/table"
    "$root/scripts/write-table.py" BOARDS.md changes "$work/table"
    count_opening | tee "$work/table"
    "$root/scripts/write-table.py" BOARDS.md opening "$work/table"
    mapfile -t counted < <(
        count stm32f405 f32 fast
        count stm32f405 f32 small
        count cortex-m7 f64 fast
        count riscv32 f32 fast
    )
    for table in counts slices energy; do
        "$root/scripts/count-tables.py" $table "${counted[@]}" | tee "$work/table"
        "$root/scripts/write-table.py" BOARDS.md $table "$work/table"
    done
    {
        echo "| trained on photos of the | learns photos of the | of a | right before | after |"
        echo "| --- | --- | --- | ---: | ---: |"
        for places in "table floor" "table desktop" "floor table" "floor desktop" "desktop table" "desktop floor"; do
            # shellcheck disable=SC2086 # words
            for things in "Blank Cup" "Blank Pen" "Cup Pen"; do count_learning $places $things; done
        done
    } | tee "$work/table"
    "$root/scripts/write-table.py" BOARDS.md learning "$work/table"
    {
        echo "| BOARD | processor | RAM used |"
        echo "| --- | --- | ---: |"
        while IFS=';' read -r board processor _ _; do count_ram "$board" "$processor"; done <<<"$blinking"
    } | tee "$work/table"
    "$root/scripts/write-table.py" BOARDS.md ram "$work/table"
    exit
fi

export -f make_board build run stands_alone costs_agree examine compare expect
export root work card train test iterations few_iterations python oracle most_stack
tr ';' '\n' <<<"$boards" | xargs -n 5 -P 2 bash -c 'examine "$@" >"$work/lines-$1"' examine
examine_builds >"$work/lines-builds"
examine_pico >"$work/lines-pico"
{
    expect "blink-cat: same first prediction as trainer on this machine, to the bit" \
        grep -m 1 "bits $(cat "$work/i8.first")" <(head -n 1 "$work/answers")
    while IFS=';' read -r -a row; do examine_blink "${row[@]}"; done <<<"$blinking"
} >"$work/lines-blink"
case=(table floor Cup Pen)
if [ ! -d "$photos/camera" ] || ! "$python" -c 'import PIL' 2>/dev/null; then
    echo "SKIPPED the photos of a board's camera, using drawings: $photos/camera or Pillow is missing"
    case=()
fi
make_case "$work/case" "${case[@]}"
while IFS=';' read -r -a row; do examine_learning "${row[@]}"; done <<<"$learning" >"$work/lines-learning"
unplug >"$work/lines-unplugged"
cat "$work"/lines-* | tee "$work/lines"
passed=$(grep -c '^passed' "$work/lines" || true)
failed=$(grep -c '^FAILED' "$work/lines" || true)
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
