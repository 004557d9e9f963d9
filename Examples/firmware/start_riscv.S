# Start-up code of a RISC-V hart in machine mode: trap handler, floating point unit if there is one, memory.
    .option arch, +zicsr    # control registers, which are not part of rv32imac
    .section .vectors, "ax"
    .globl start
start:
    la sp, stack_highest
    la t0, fault
    csrw mtvec, t0
#if defined(__riscv_flen)
    li t0, 1 << 13          # mstatus.FS = initial: the floating point unit is on
    csrs mstatus, t0
    csrw fcsr, zero         # round to nearest
#endif

    la t0, data_at_rest
    la t1, data_first
    la t2, data_end
1:  bgeu t1, t2, 2f
    lw t3, 0(t0)
    sw t3, 0(t1)
    addi t0, t0, 4
    addi t1, t1, 4
    j 1b
2:  la t1, zeros_first
    la t2, zeros_end
3:  bgeu t1, t2, 4f
    sw zero, 0(t1)
    addi t1, t1, 4
    j 3b
4:  call stack_paint
    call firmware

    .balign 4
fault:
    la a0, message
    call board_write
    li a0, 70
    call board_end

    .section .rodata
message:
    .asciz "fault\n"
