/* conv_expand_s8_dsp.h: int8 windows to int16, in the order of packed weights, on Cortex-M4.

   Each of two windows is `rows` runs of `run` bytes, `pitch` bytes from one to the next, at any
   address. Of four bytes come two words, (0, 2) and (1, 3): SXTB16 needs no more. A rest of one is
   (0, nothing), of two (0, 1), of three (0, 2) and (1, nothing); weights are 0 where there is
   nothing. `to` takes the words of both windows in turn.

   1.6 cycles a value in long runs, and about 15 for each two runs. */
#ifndef MOTES_CONV_EXPAND_S8_DSP_H
#define MOTES_CONV_EXPAND_S8_DSP_H

#include "motes.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */
/* clang-format off */

/* Four words of four bytes of each window. */
#define SPREAD(x0, x1) \
    "sxtb16 r8, " x0 "\n sxtb16 r9, " x1 "\n sxtb16 r10, " x0 ", ror #8\n sxtb16 r11, " x1 ", ror #8\n" \
    "str r8, [r2], #4\n str r9, [r2], #4\n str r10, [r2], #4\n str r11, [r2], #4\n"

MOTES_ASSEMBLY void conv_expand_s8_dsp(const int8_t *x0, const int8_t *x1, uint32_t *to, uint32_t run, uint32_t rows,
                                       uint32_t pitch0, uint32_t pitch1) {
    /* Stack from 36: rows, then from the end of a run to the next. lr: bytes left less those of the next round. */
    __asm__ volatile(
        "push {r4-r11, lr}\n"
        "ldr r4, [sp, #40]\n"
        "ldr r5, [sp, #44]\n"
        "sub r4, r3\n"
        "sub r5, r3\n"
        "str r4, [sp, #40]\n"
        "str r5, [sp, #44]\n"
        "1:\n" /* a run of each */
        "subs lr, r3, #8\n"
        "blt 3f\n"
        "2:\n"
        "ldr r4, [r0], #4\n"
        "ldr r5, [r0], #4\n"
        "ldr r6, [r1], #4\n"
        "ldr r7, [r1], #4\n"
        SPREAD("r4", "r6")
        SPREAD("r5", "r7")
        "subs lr, #8\n"
        "bge 2b\n"
        "3:\n"
        "adds lr, #4\n"
        "blt 4f\n"
        "ldr r4, [r0], #4\n"
        "ldr r6, [r1], #4\n"
        SPREAD("r4", "r6")
        "sub lr, #4\n"
        "4:\n"
        "adds lr, #4\n"
        "beq 8f\n"
        "ldrsb r4, [r0], #1\n"
        "ldrsb r6, [r1], #1\n"
        "cmp lr, #2\n"
        "blt 7f\n"
        "ldrsb r5, [r0], #1\n"
        "ldrsb r7, [r1], #1\n"
        "beq 6f\n"
        "ldrsb r8, [r0], #1\n"
        "ldrsb r9, [r1], #1\n"
        "pkhbt r4, r4, r8, lsl #16\n"
        "pkhbt r6, r6, r9, lsl #16\n"
        "str r4, [r2], #4\n"
        "str r6, [r2], #4\n"
        "mov r4, r5\n"
        "mov r6, r7\n"
        "b 7f\n"
        "6:\n"
        "pkhbt r4, r4, r5, lsl #16\n"
        "pkhbt r6, r6, r7, lsl #16\n"
        "7:\n" /* where there is nothing the weight is 0: whatever lies in the upper half */
        "str r4, [r2], #4\n"
        "str r6, [r2], #4\n"
        "8:\n"
        "ldr r4, [sp, #36]\n"
        "ldr r5, [sp, #40]\n"
        "ldr r6, [sp, #44]\n"
        "add r0, r5\n"
        "add r1, r6\n"
        "subs r4, #1\n"
        "str r4, [sp, #36]\n"
        "bne 1b\n"
        "pop {r4-r11, pc}\n");
}

#undef SPREAD
/* clang-format on */
#pragma GCC diagnostic pop

#endif
