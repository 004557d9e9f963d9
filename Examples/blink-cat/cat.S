// The model file, unchanged, in flash, where the core can use it in place. (With a toolchain without .incbin, use
// the array that `nn-cli export --format c-header` writes.)
    .section .rodata.model, "a"
    .balign 8
    .globl model_file
model_file:
    .incbin MODEL
    .globl model_end
model_end:
    .if (model_end - model_file - 246820) * (model_end - model_file - 246852) * (model_end - model_file - 246900)
    .error "MODEL: expected an i8 model of 12288-20-7-5-1: 246820 bytes, or 246852 or 246900 with its records"
    .endif
