// The model file, unchanged, in flash, where the core can use it in place. (With a toolchain without .incbin, use
// the array that `nn-cli export --format c-header` writes.)
    .section .rodata.model, "a"
    .balign 8
    .globl model_file
model_file:
    .incbin MODEL
    .if . - model_file - 246820
    .error "MODEL: expected an i8 model of 12288-20-7-5-1, 246820 bytes"
    .endif
