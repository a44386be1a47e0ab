/* conv_expand_s8_dsp.h: int8 windows to halfwords of two pixels, in the order of packed weights, on
   Cortex-M4.

   Each of four windows is `rows` runs of `run` bytes, `pitch` bytes from one to the next, at any
   address. Three words hold two values of each window: the halfwords are 256 * a + b + 128, then
   256 * b + c + 128 and 256 * c + d + 128, where a to d are the windows' values; so the byte of the
   first lies above the byte of the second, whose top bit is turned. The two values of four bytes
   are (0, 2), then (1, 3). A rest of one is (0, nothing), of two (0, 1), of three (0, 2) and
   (1, nothing); weights are 0 where there is nothing.

   1.9 cycles a value in long runs, and about 17 for each four runs. */
#ifndef MOTES_CONV_EXPAND_S8_DSP_H
#define MOTES_CONV_EXPAND_S8_DSP_H

#include "motes.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */
/* clang-format off */

/* The bytes 0 and 2 of r4 to r7, then 1 and 3; SEL takes bytes 0 and 2 of its first operand. */
#define EVEN \
    "eor r8, r5, #0x80808080\n eor r9, r6, #0x80808080\n eor r7, r7, #0x80808080\n" \
    "lsl r10, r4, #8\n sel r10, r8, r10\n str r10, [r12], #4\n" \
    "lsl r10, r5, #8\n sel r10, r9, r10\n str r10, [r12], #4\n" \
    "lsl r10, r6, #8\n sel r10, r7, r10\n str r10, [r12], #4\n"
#define ODD \
    "lsr r8, r8, #8\n sel r4, r8, r4\n str r4, [r12], #4\n" \
    "lsr r9, r9, #8\n sel r5, r9, r5\n str r5, [r12], #4\n" \
    "lsr r7, r7, #8\n sel r6, r7, r6\n str r6, [r12], #4\n"

MOTES_ASSEMBLY void conv_expand_s8_dsp(const int8_t *const *four, uint32_t *to, uint32_t run, uint32_t rows,
                                       uint32_t pitch) {
    /* Stack: 0 run, 4 rows left; from 44: pitch. r0-r3 read x, r11 leads from the end of a run to the next, r12 is
       `to`, lr the bytes left less four. */
    __asm__ volatile(
        "push {r2-r11, lr}\n"
        "ldr r11, [sp, #44]\n"
        "mov r12, r1\n"
        "sub r11, r11, r2\n"
        "mov r4, #0x00ff00ff\n"
        "uadd8 r4, r4, r4\n" /* the flags of SEL */
        "ldm r0, {r0-r3}\n"
        "1:\n" /* a run of each */
        "ldr lr, [sp]\n"
        "ldr r8, [sp, #4]\n"
        "subs r8, r8, #1\n"
        "blt 9f\n"
        "str r8, [sp, #4]\n"
        "subs lr, lr, #4\n"
        "blt 3f\n"
        "2:\n"
        "ldr r4, [r0], #4\n"
        "ldr r5, [r1], #4\n"
        "ldr r6, [r2], #4\n"
        "ldr r7, [r3], #4\n"
        "4:\n"
        EVEN
        ODD
        "subs lr, lr, #4\n"
        "bge 2b\n"
        "3:\n"
        "cmn lr, #4\n"
        "bgt 5f\n" /* a rest */
        "8:\n"
        "add r0, r0, r11\n"
        "add r1, r1, r11\n"
        "add r2, r2, r11\n"
        "add r3, r3, r11\n"
        "b 1b\n"
        "5:\n"
        "cmn lr, #2\n"
        "blt 6f\n"
        "ldrh r4, [r0], #2\n"
        "ldrh r5, [r1], #2\n"
        "ldrh r6, [r2], #2\n"
        "ldrh r7, [r3], #2\n"
        "beq 7f\n"
        "ldrb r8, [r0], #1\n"
        "ldrb r9, [r1], #1\n"
        "ldrb r10, [r2], #1\n"
        "ldrb lr, [r3], #1\n"
        "orr r4, r4, r8, lsl #16\n"
        "orr r5, r5, r9, lsl #16\n"
        "orr r6, r6, r10, lsl #16\n"
        "orr r7, r7, lr, lsl #16\n"
        "mov lr, #-1\n"
        "b 4b\n"
        "6:\n"
        "ldrb r4, [r0], #1\n"
        "ldrb r5, [r1], #1\n"
        "ldrb r6, [r2], #1\n"
        "ldrb r7, [r3], #1\n"
        "7:\n"
        "orr r4, r4, r4, lsl #8\n" /* the second of two becomes byte 2 */
        "orr r5, r5, r5, lsl #8\n"
        "orr r6, r6, r6, lsl #8\n"
        "orr r7, r7, r7, lsl #8\n"
        EVEN
        "b 8b\n"
        "9:\n"
        "add sp, #8\n"
        "pop {r4-r11, pc}\n");
}

#undef EVEN
#undef ODD
/* clang-format on */
#pragma GCC diagnostic pop

#endif
