#!/usr/bin/env bash
# Measures how much of a board the core needs, on six processors: bytes of code and constants, the deepest
# stack, and RAM. Prints the table, writes it to docs/BOARDS.md, and fails if a limit is exceeded.
#
# Three minimal programs are built with -Os: one predicts, one trains with nnk_dual and predicts, one also
# saves and loads checkpoints; in i8, only the first. The linker leaves out everything that they do not use.
# The table counts what remains of Sources/CNNKernel, and what libgcc adds if a processor has no float, double
# or 64-bit division. The compilers come from `scripts/install-dependencies.sh boards`. Takes one minute, 20 s
# of it processor time.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Name; prefix of the tools; flags. The core is built with -DNNK_WITHOUT_OPTIONS=1 and -DNNK_FAST=0, except where a name
# says otherwise.
processors="Cortex-M0+;arm-none-eabi-;-mcpu=cortex-m0plus -mthumb
Cortex-M4F;arm-none-eabi-;-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard
Cortex-M4F with options;arm-none-eabi-;-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard
Cortex-M4F fast;arm-none-eabi-;-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard
Cortex-M7;arm-none-eabi-;-mcpu=cortex-m7 -mthumb -mfpu=fpv5-d16 -mfloat-abi=hard
Cortex-M33;arm-none-eabi-;-mcpu=cortex-m33 -mthumb -mfpu=fpv5-sp-d16 -mfloat-abi=hard
RV32IMAFC;riscv64-unknown-elf-;-march=rv32imafc -mabi=ilp32f -Wl,--no-warn-rwx-segments
x86-64;;-fno-pie -no-pie -fno-asynchronous-unwind-tables"

# Limits in bytes: code on Cortex-M4F in f32, to predict and to train; stack on every processor of boards.
most_code=3000
most_training_code=9933
most_stack=1000

without=-DNNK_WITHOUT_OPTIONS=1 small=-DNNK_FAST=0

cat >"$work/program.c" <<'PROGRAM'
#include "nnkernel/nnkernel.h"

static _Alignas(8) uint8_t memory[PREDICT_BYTES], file[NNK_PATCH];

static nnk_status predict(double *probability) {
    nnk_model model;
    nnk_status status = nnk_model_open(&model, file, sizeof file, &nnk_deep);
    if (status == NNK_OK) status = nnk_predict_begin(memory, sizeof memory, &model, &INFERENCE);
    if (status == NNK_OK) status = nnk_predict_feed(memory, file, sizeof file);
    return status == NNK_OK ? nnk_predict_finish(memory, probability) : status;
}

#if TRAINS
static _Alignas(8) uint8_t arena[NNK_DUAL_BYTES(DEEP, REAL_BYTES, 209)];

static nnk_status image(void *context, uint32_t example, uint32_t offset, uint32_t count, uint8_t *out) {
    return (void)context, (void)example, (void)offset, (void)count, (void)out, NNK_OK;
}

static nnk_status take(void *context, uint32_t offset, const uint8_t *bytes, uint32_t count) {
    return (void)context, (void)offset, (void)bytes, (void)count, NNK_OK;
}

static const nnk_sink sink = {take, 0};
static const nnk_job job = {.topology = &nnk_deep, .arithmetic = &ARITHMETIC, .method = &nnk_dual,
                            .iterations = 2500, .cost_every = 100, .examples = 209, .learning_rate = 0.0075,
                            .labels = file, .images = {.read = image}};

static nnk_status train(nnk_progress *progress) {
    nnk_status status = nnk_train_begin(&job, arena, sizeof arena);
    while (status >= 0 && (status = nnk_train_step(&job, arena)) > 0)
        nnk_train_progress(&job, arena, progress);
    while (status >= 0 && (status = nnk_train_finish(&job, arena, sink)) > 0) {}
    return status;
}
#endif

#if CHECKPOINTS
static nnk_status give(void *context, uint32_t offset, uint32_t count, uint8_t *out) {
    return (void)context, (void)offset, (void)count, (void)out, NNK_OK;
}

static nnk_status checkpoint(void) {
    const nnk_reader reader = {give, 0};
    nnk_checkpoint saving = {0, 0}, loading = {0, 0};
    while (nnk_checkpoint_save(&job, arena, &saving, sink) > 0) {}
    return nnk_checkpoint_load(&job, arena, sizeof arena, &loading, reader);
}
#endif

volatile double result;
volatile nnk_status statuses[3];

void program(void);
void program(void) {
    double probability = 0;
    statuses[0] = predict(&probability);
    result = probability;
#if TRAINS
    nnk_progress progress = {0};
    statuses[1] = train(&progress);
    result = progress.cost;
#endif
#if CHECKPOINTS
    statuses[2] = checkpoint();
#endif
}
PROGRAM

# Builds a program with its map file and call graphs. Arguments: folder, prefix, flags, precision, program.
build() {
    local folder=$1 prefix=$2 flags=$3 precision=$4 program=$5
    local define=(-DARITHMETIC="nnk_${precision}_dual" -DINFERENCE="nnk_${precision}_inference")
    case $precision in
    i8) define+=("-DPREDICT_BYTES=NNK_PREDICT_I8_BYTES(DEEP)") ;;
    f32) define+=(-DREAL_BYTES=4 "-DPREDICT_BYTES=NNK_PREDICT_BYTES(DEEP,4)") ;;
    f64) define+=(-DREAL_BYTES=8 "-DPREDICT_BYTES=NNK_PREDICT_BYTES(DEEP,8)") ;;
    esac
    case $program in
    train) define+=(-DTRAINS=1) ;;
    checkpoint) define+=(-DTRAINS=1 -DCHECKPOINTS=1) ;;
    esac
    # shellcheck disable=SC2086 # flags
    (
        cd "$folder"
        compile=("${prefix}gcc" $flags -Os -std=gnu11 -w -ffreestanding -ffunction-sections -fdata-sections
            -fcallgraph-info=su -I"$root/include" -I"$root/Examples/firmware" -c)
        [ -e memory.o ] || {
            "${compile[@]}" -fno-builtin -fno-tree-loop-distribute-patterns "$root/Examples/firmware/memory.c"
            for source in "$root"/Sources/CNNKernel/*.c; do
                case $source in *_avx*|*_vectors*|*fastest*) continue ;; esac # not for boards
                "${compile[@]}" "$source"
            done
        }
        "${compile[@]}" "${define[@]}" "$work/program.c"
        "${prefix}gcc" $flags -nostdlib -Wl,--gc-sections,-e,program,-Map,program.map ./*.o -lgcc \
            -o program.elf
    )
}

# Bytes of a variable. Arguments: prefix, program, name.
bytes_of() { printf '%d' "0x$("$1nm" -S "$2" | awk -v name="$3" '$4 == name { print $2 }')"; }

missed=0
miss() { echo "sizes: $*" >&2; missed=1; }

# Adds a program's code and helpers, such as "2332 + 1160", to `codes`, and its stack to `stacks`.
# Arguments: name, prefix, folder, precision, program.
measure() {
    local name=$1 precision=$4 program=$5 code data helpers stack chain
    IFS=$'\t' read -r code data helpers stack chain \
        < <("$root/scripts/footprint.py" "$2" "$3/program.elf" program read=image,give write=take)
    [ "$data" = 0 ] || miss "$name $precision $program: $data bytes of data; expected none"
    [ "$stack" -le $most_stack ] || [ "$name" = x86-64 ] ||
        miss "$name $precision $program: $stack bytes of stack; the limit is $most_stack: $chain"
    [ "$name $precision $program" != "Cortex-M4F f32 predict" ] || [ "$code" -le $most_code ] ||
        miss "$name $precision $program: $code bytes of code; the limit is $most_code"
    [ "$name $precision $program" != "Cortex-M4F f32 train" ] || [ "$code" -le $most_training_code ] ||
        miss "$name $precision $program: $code bytes of code; the limit is $most_training_code"
    codes+=" $code + $helpers |"
    stacks+=" $stack |"
}

{
    echo "| processor | type | code: predict | and train | and save | stack: predict | train | save | RAM: predict | train |"
    echo "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
} >"$work/table"
while IFS=';' read -r name prefix flags; do
    folder="$work/$name"
    mkdir "$folder"
    [[ $name = *'with options' ]] || flags+=" $without"
    [[ $name = *fast ]] || flags+=" $small"
    for precision in f32 f64 i8; do
        codes='' stacks='' arena=''
        for program in predict train checkpoint; do
            case "$precision $program" in
            'i8 train' | 'i8 checkpoint') codes+=' |' stacks+=' |'; continue ;;
            esac
            build "$folder" "$prefix" "$flags" $precision $program
            measure "$name" "$prefix" "$folder" $precision $program
        done
        predictor=$(bytes_of "$prefix" "$folder/program.elf" memory)
        [ $precision = i8 ] || arena=$(bytes_of "$prefix" "$folder/program.elf" arena)
        echo "| $name | $precision |$codes$stacks $predictor | $arena |" >>"$work/table"
    done
done <<<"$processors"
# The largest functions, to train and predict on Cortex-M4F in f32.
{
    echo "| bytes | symbol |"
    echo "| ---: | --- |"
    flags="$(grep '^Cortex-M4F;' <<<"$processors" | cut -d ';' -f 3) $without $small"
    build "$work/Cortex-M4F" arm-none-eabi- "$flags" f32 train
    arm-none-eabi-nm -S --size-sort --reverse-sort "$work/Cortex-M4F/program.elf" |
        awk '$3 ~ /[RrTt]/ && $4 !~ /^(__|program$)/ && ++count <= 10 { print $2, $4 }' |
        while read -r bytes symbol; do printf '| %d | %s |\n' "0x$bytes" "$symbol"; done
} >"$work/largest"

cat "$work/table" "$work/largest"
"$root/scripts/write-table.py" BOARDS.md sizes "$work/table"
"$root/scripts/write-table.py" BOARDS.md largest "$work/largest"
exit $missed
