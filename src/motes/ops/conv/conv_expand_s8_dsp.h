/* conv_expand_s8_dsp.h: int8 windows to int16 in the order of packed weights, on Cortex-M4.

   `rows` runs of `run` bytes, each `pitch` bytes behind the last, at any address. Of four bytes
   come two words, (0, 2) and (1, 3): SXTB16 needs no more. A rest of one is (0, nothing), of two
   (0, 1), of three (0, 2) and (1, nothing); weights are 0 where there is nothing. Every second word
   of `to` is written: two windows lie there, a word of each in turn. 1.6 cycles a value in long
   runs, and about 10 a run. */
#ifndef MOTES_CONV_EXPAND_S8_DSP_H
#define MOTES_CONV_EXPAND_S8_DSP_H

#include "motes.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */
/* clang-format off */

#define SPREAD(word, at) \
    "sxtb16 r12, " word "\n sxtb16 " word ", " word ", ror #8\n" \
    "str r12, [r1, #" at "]\n str " word ", [r1, #" at " + 8]\n"

MOTES_ASSEMBLY void conv_expand_s8_dsp(const int8_t *x, uint32_t *to, uint32_t run, uint32_t rows, uint32_t pitch) {
    /* r4 bytes from the end of a run to the next, r5 bytes left of a run less those that the next round takes. */
    __asm__ volatile(
        "push {r4-r9, lr}\n"
        "ldr r4, [sp, #28]\n"
        "sub r4, r2\n"
        "1:\n" /* a run */
        "subs r5, r2, #16\n"
        "blt 3f\n"
        "2:\n"
        "ldr r6, [r0], #4\n"
        "ldr r7, [r0], #4\n"
        "ldr r8, [r0], #4\n"
        "ldr r9, [r0], #4\n"
        SPREAD("r6", "0")
        SPREAD("r7", "16")
        SPREAD("r8", "32")
        SPREAD("r9", "48")
        "add r1, #64\n"
        "subs r5, #16\n"
        "bge 2b\n"
        "3:\n"
        "adds r5, #12\n"
        "bmi 5f\n"
        "4:\n"
        "ldr r6, [r0], #4\n"
        "sxtb16 r12, r6\n"
        "sxtb16 r6, r6, ror #8\n"
        "str r12, [r1], #8\n"
        "str r6, [r1], #8\n"
        "subs r5, #4\n"
        "bpl 4b\n"
        "5:\n"
        "adds r5, #4\n"
        "beq 8f\n"
        "ldrsb r6, [r0], #1\n"
        "cmp r5, #2\n"
        "blt 7f\n"
        "ldrsb r7, [r0], #1\n"
        "beq 6f\n"
        "uxth r12, r7\n"
        "ldrsb r7, [r0], #1\n"
        "str r12, [r1, #8]\n"
        "pkhbt r6, r6, r7, lsl #16\n"
        "str r6, [r1], #16\n"
        "b 8f\n"
        "6:\n"
        "pkhbt r6, r6, r7, lsl #16\n"
        "str r6, [r1], #8\n"
        "b 8f\n"
        "7:\n"
        "uxth r6, r6\n"
        "str r6, [r1], #8\n"
        "8:\n"
        "add r0, r4\n"
        "subs r3, #1\n"
        "bne 1b\n"
        "pop {r4-r9, pc}\n");
}

#undef SPREAD
/* clang-format on */
#pragma GCC diagnostic pop

#endif
