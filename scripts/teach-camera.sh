#!/usr/bin/env bash
# Tests Examples/teach-camera under QEMU: sessions that a script plays, with drawings and with photos of a camera;
# answers and models are compared with the desktop's, to the bit; and power fails many times. 4 minutes of
# processor time, 9 minutes on 2 busy cores.
#
#     scripts/teach-camera.sh
#
# The photos are in the folder camera in NN_DATA (default ../shared/data); without them, drawings are recorded
# alone. BOARD_KILLS (100) is how often the emulator is killed; half as often, a block is lost while it is
# written. BOARD_SEED (1) seeds their random times. Python needs Pillow 13.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
example="$root/Examples/teach-camera"
photos=${NN_DATA:-$root/../shared/data}/camera

"$root/scripts/install-dependencies.sh" boards >&2
python=python3
[ ! -x "$root/.venv/bin/python" ] || python="$root/.venv/bin/python"

if ! "$python" -c 'import PIL' 2>/dev/null; then
    echo "$0: Pillow is missing; scripts/test.sh installs it, or: pip install pillow==13.0.0" >&2
    exit 69
fi

# Builds the firmware, and writes down the emulator's command and the bytes of the stack. Arguments: name,
# number of examples that there is room for.
build() {
    local options=(-s -C "$example" BUILD="$work/$1" IMAGES="$2")
    make "${options[@]}" >"$work/$1.log" 2>&1 || { cat "$work/$1.log" >&2; return 1; }
    make "${options[@]}" emulator >"$work/$1.emulator"
    arm-none-eabi-nm "$work/$1/firmware.elf" |
        awk '{ at[$3] = $1 } END { print at["stack_highest"], at["stack_lowest"] }' |
        { read -r highest lowest; echo $((16#$highest - 16#$lowest)); } >"$work/$1.stack"
}
images=$(sed -n 's/^IMAGES ?= //p' "$example/Makefile")
build firmware "$images"
build small 4

compile=(gcc -std=gnu11 -O2 -w -I"$root/include")
mkdir "$work/core"
(cd "$work/core" && "${compile[@]}" -c "$root"/Sources/CNNKernel/*.c)
"${compile[@]}" "$root/Tests/teach-camera/answers.c" "$work"/core/*.o -o "$work/answers"
"${compile[@]}" "$root/Examples/trainer/trainer.c" "$work"/core/*.o -o "$work/trainer"

status=0
"$python" "$root/Tests/teach-camera/session.py" "$work" "$photos" "${BOARD_KILLS:-100}" "${BOARD_SEED:-1}" |
    tee "$work/lines" || status=$?
echo "$(grep -c '^passed' "$work/lines" || true) passed, $(grep -c '^FAILED' "$work/lines" || true) failed"
exit "$status"
