#!/usr/bin/env bash
# Builds the firmware around a model and asks it about images, on an STM32F405 that QEMU stands in for.
#
#     nn-cli train --topology two-layer --precision f32
#     ./run.sh model.nnk cat.bin dog.bin
#
# Needs Swift (6.3.1 was tried), arm-none-eabi-gcc (of which only libgcc is linked, for numbers of type double) and
# qemu-system-arm. The firmware is .build/release/Firmware.
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[[ $# -ge 2 ]] || { echo "usage: $0 MODEL IMAGE..." >&2; exit 64; }

mkdir -p "$folder/.build/flash"
cp "$1" "$folder/.build/flash/model.nnk"
shift
libgcc=$(arm-none-eabi-gcc -mthumb -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16 -print-libgcc-file-name)
swift build --package-path "$folder" -c release --triple armv7em-none-none-eabi --toolset "$folder/toolset.json" \
    -Xcc "--embed-dir=$folder/.build/flash" \
    -Xlinker -T -Xlinker "$folder/board.ld" -Xlinker "$libgcc" >&2

words=
for image; do words+=",arg=${image//,/,,}"; done
exec qemu-system-arm -M netduinoplus2 -display none -monitor none -serial none -chardev stdio,id=host \
    -semihosting-config "enable=on,target=native,chardev=host,arg=firmware$words" -kernel "$folder/.build/release/Firmware"
