# Builds the firmware of a board. The board's Makefile sets CROSS (prefix of the tools), CPU (compiler flags),
# SOURCES (its own and those of this folder) and QEMU (the emulator's command), then includes this file.
#
#     make                            builds $(BUILD)/firmware.elf, and prints for how many images it has room
#     make run FOLDER=/tmp            runs it under QEMU with the card /tmp/card.img; a relative FOLDER begins at the
#                                     board's own
#
# Options, after either: IMAGES=N, the most images that are trained on; FAST=0, the core without its fast paths,
# which is the default where the flash has less than 64 KB; PROFILE=1, times by phase (profile.h).
FIRMWARE := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
ROOT := $(abspath $(FIRMWARE)/../..)
BUILD ?= build
OPTIMIZE ?= -O2
FOLDER ?= .
LINKER ?= link.ld
IMAGES ?= 209
PROFILE ?= 0
ifneq ($(shell [ '$(IMAGES)' -ge 1 ] 2>/dev/null && echo yes),yes)
$(error IMAGES: expected a number from 1 on, found $(IMAGES))
endif

# "256K" of FLASH in the linker script, in KB.
FLASH := $(shell sed -n 's/^ *FLASH.*LENGTH = \([0-9]*[KM]\)$$/\1/p' $(LINKER))
FAST ?= $(shell [ $(subst K,,$(subst M,000,$(FLASH))) -lt 64 ] && echo 0 || echo 1)

# What a board that trains has beside its own files and its start-up code.
TRAINING := firmware.c card.c console.c evaluate.c memory.c profile.c semihosting.c stack.c

CC := $(CROSS)gcc
FLAGS := $(CPU) $(OPTIMIZE) -std=gnu11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -ffreestanding \
    -ffunction-sections -fdata-sections -fcallgraph-info=su -I$(ROOT)/include -I$(FIRMWARE) \
    -DIMAGES=$(IMAGES) -DNNK_FAST=$(FAST) -DPROFILE=$(PROFILE) $(MORE_FLAGS)
LINK := $(CPU) -nostdlib -L$(FIRMWARE) -T$(LINKER) -Wl,--gc-sections,-Map,$(BUILD)/firmware.map $(MORE_LINK)

# Without the vector kernels and the choice among them, which boards do not use.
CORE := $(filter-out %_avx2.c %_avx512.c %_vectors.c fastest.c, \
    $(notdir $(wildcard $(ROOT)/Sources/CNNKernel/*.c)))
OBJECTS := $(addprefix $(BUILD)/,$(addsuffix .o,$(basename $(SOURCES) $(CORE))))
# Of sources alone: VPATH would also find the build folder of another board.
vpath %.c $(FIRMWARE):$(ROOT)/Sources/CNNKernel
vpath %.S $(FIRMWARE)

$(BUILD)/firmware.elf: $(OBJECTS) $(LINKER) $(FIRMWARE)/sections.ld $(if $(filter firmware.c,$(SOURCES)),$(BUILD)/room)
	$(CC) $(LINK) $(OBJECTS) -lgcc -o $@
	@[ ! -e $(BUILD)/room ] || $(CROSS)nm -S $@ | $(BUILD)/room

$(BUILD)/room: $(FIRMWARE)/room.c $(ROOT)/include/nnkernel/sizes.h | $(BUILD)
	cc -std=gnu11 -O1 -I$(ROOT)/include $< -o $@

$(BUILD)/%.o: %.c $(BUILD)/flags
	$(CC) $(FLAGS) -MMD -c $< -o $@

$(BUILD)/%.o: %.S $(BUILD)/flags
	$(CC) $(CPU) -c $< -o $@

# Other options than those of the last time: everything is built anew.
$(BUILD)/flags: $(if $(filter-out $(file <$(BUILD)/flags),$(FLAGS)),anew) | $(BUILD)
	$(file >$@,$(FLAGS))
.PHONY: anew

$(BUILD):
	mkdir -p $@

EMULATOR = $(QEMU) -nographic -monitor none -serial none -semihosting-config enable=on,target=native \
    -kernel $(abspath $(BUILD))/firmware.elf

.PHONY: run emulator
run: $(BUILD)/firmware.elf
	@[ -d '$(FOLDER)' ] || { echo 'FOLDER: there is no folder $(FOLDER), seen from $(CURDIR)' >&2; exit 66; }
	cd '$(FOLDER)' && $(EMULATOR)

emulator:
	@echo $(EMULATOR)

-include $(OBJECTS:.o=.d)
