/* conv_gather_s8_dsp.h: pixels copied together, with their padding, for Cortex-M4. */
#ifndef MOTES_CONV_GATHER_S8_DSP_H
#define MOTES_CONV_GATHER_S8_DSP_H

#include "motes.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */
/* clang-format off */

/* `word` holds a byte four times; bytes: any number. */
MOTES_ASSEMBLY void conv_fill_s8_dsp(int8_t *to, uint32_t word, int32_t bytes) {
    __asm__ volatile(
        "subs r2, #16\n"
        "blt 2f\n"
        "1:\n"
        ".rept 4\n"
        "str r1, [r0], #4\n"
        ".endr\n"
        "subs r2, #16\n"
        "bge 1b\n"
        "2:\n"
        "adds r2, #12\n"
        "blt 4f\n"
        "3:\n"
        "str r1, [r0], #4\n"
        "subs r2, #4\n"
        "bge 3b\n"
        "4:\n"
        "adds r2, #4\n"
        "beq 6f\n"
        "5:\n"
        "strb r1, [r0], #1\n"
        "subs r2, #1\n"
        "bne 5b\n"
        "6:\n"
        "bx lr\n");
}

MOTES_ASSEMBLY void conv_copy_s8_dsp(int8_t *to, const int8_t *from, int32_t bytes) {
    __asm__ volatile(
        "subs r2, #16\n"
        "blt 2f\n"
        "1:\n"
        ".rept 2\n"
        "ldr r3, [r1], #4\n"
        "ldr r12, [r1], #4\n"
        "str r3, [r0], #4\n"
        "str r12, [r0], #4\n"
        ".endr\n"
        "subs r2, #16\n"
        "bge 1b\n"
        "2:\n"
        "adds r2, #12\n"
        "blt 4f\n"
        "3:\n"
        "ldr r3, [r1], #4\n"
        "str r3, [r0], #4\n"
        "subs r2, #4\n"
        "bge 3b\n"
        "4:\n"
        "adds r2, #4\n"
        "beq 6f\n"
        "5:\n"
        "ldrb r3, [r1], #1\n"
        "strb r3, [r0], #1\n"
        "subs r2, #1\n"
        "bne 5b\n"
        "6:\n"
        "bx lr\n");
}
/* clang-format on */
#pragma GCC diagnostic pop

/* `columns` pixels of a row of `width` pixels, from column `left` on; `zero` holds the input's zero
 * point four times, for what is not there. */
MOTES_INLINE void conv_gather_s8_dsp(int8_t *to, const int8_t *row, int32_t width, int32_t left,
                                     int32_t columns, int32_t pixel, uint32_t zero) {
    const int32_t first = motes_min(motes_max(-left, 0), columns);
    const int32_t end = motes_max(motes_min(width - left, columns), first);
    if (first)
        conv_fill_s8_dsp(to, zero, first * pixel);
    if (end > first)
        conv_copy_s8_dsp(to + first * pixel, row + (left + first) * pixel, (end - first) * pixel);
    if (columns > end)
        conv_fill_s8_dsp(to + end * pixel, zero, (columns - end) * pixel);
}

#endif
