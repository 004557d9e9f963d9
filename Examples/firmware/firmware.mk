# Builds the firmware of a board. The board's Makefile sets CROSS (prefix of the tools), CPU (compiler flags),
# SOURCES (its own and those of this folder) and QEMU (the emulator's command), then includes this file.
#
#     make                            builds $(BUILD)/firmware.elf
#     make run FOLDER=/tmp            runs it under QEMU with the card /tmp/card.img
FIRMWARE := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
ROOT := $(abspath $(FIRMWARE)/../..)
BUILD ?= build
OPTIMIZE ?= -O2
FOLDER ?= .
LINKER ?= link.ld

CC := $(CROSS)gcc
FLAGS := $(CPU) $(OPTIMIZE) -std=gnu11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -ffreestanding \
    -ffunction-sections -fdata-sections -fcallgraph-info=su -I$(ROOT)/include -I$(FIRMWARE)
LINK := $(CPU) -nostdlib -L$(FIRMWARE) -T$(LINKER) -Wl,--gc-sections,-Map,$(BUILD)/firmware.map

# Without the vector kernels and the choice among them, which boards do not use.
CORE := $(filter-out %_avx2.c %_avx512.c %_vectors.c fastest.c, \
    $(notdir $(wildcard $(ROOT)/Sources/CNNKernel/*.c)))
OBJECTS := $(addprefix $(BUILD)/,$(addsuffix .o,$(basename $(SOURCES) $(CORE))))
VPATH := .:$(FIRMWARE):$(ROOT)/Sources/CNNKernel

$(BUILD)/firmware.elf: $(OBJECTS) $(LINKER) $(FIRMWARE)/sections.ld
	$(CC) $(LINK) $(OBJECTS) -lgcc -o $@

$(BUILD)/memory.o: FLAGS += -fno-builtin -fno-tree-loop-distribute-patterns

$(BUILD)/%.o: %.c | $(BUILD)
	$(CC) $(FLAGS) -MMD -c $< -o $@

$(BUILD)/%.o: %.S | $(BUILD)
	$(CC) $(CPU) -c $< -o $@

$(BUILD):
	mkdir -p $@

EMULATOR = $(QEMU) -nographic -monitor none -serial none -semihosting-config enable=on,target=native \
    -kernel $(abspath $(BUILD))/firmware.elf

.PHONY: run emulator
run: $(BUILD)/firmware.elf
	cd $(FOLDER) && $(EMULATOR)

emulator:
	@echo $(EMULATOR)

-include $(OBJECTS:.o=.d)
