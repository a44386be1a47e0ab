/* winograd_2x2_s8_dsp.h: the transforms of Winograd convolution F(2x2, 3x3) on Cortex-M4.

   A tile is 4x4 values of a channel, from which 2x2 outputs are made. Along one axis its transform
   is, over the points 0, 1, -1 and infinity,

       d0 - d2,  d1 + d2,  d2 - d1,  d3 - d1

   and the outputs of the products m are m0 + m1 + m2 and m1 - m2 + m3. Both are applied to rows and
   to columns. With weights times four, and a factor of 32 in the last step, 128 times a sum comes
   out, modulo 2^32. Weights may hold another power of two.

   Source: A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2015. */
#ifndef MOTES_WINOGRAD_2X2_S8_DSP_H
#define MOTES_WINOGRAD_2X2_S8_DSP_H

#include "motes.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */
/* clang-format off */

/* Four pixels of row `i` of the tile, whose address is x + r2. */
#define LOAD(i, a0, a1, a2, a3) \
    "ldr r2, [sp]\n ldr r3, [sp, #4]\n" \
    ".if " i " & 1\n add r2, r3\n .endif\n .if " i " & 2\n add r2, r2, r3, lsl #1\n .endif\n" \
    "ldr " a0 ", [r2]\n ldr " a1 ", [r2, lr]\n ldr " a2 ", [r2, lr, lsl #1]\n" \
    "add r2, lr\n ldr " a3 ", [r2, lr, lsl #1]\n"

/* A value of two channels: pixel a less pixel b, or both together. */
#define LESS(to, a, b, turn) \
    "sxtb16 " to ", " a turn "\n sxtb16 r12, " b turn "\n ssub16 " to ", " to ", r12\n"
#define BOTH(to, a, b, turn) \
    "sxtb16 " to ", " a turn "\n sxtab16 " to ", " to ", " b turn "\n"

/* A row transformed: VALUE of the pixels a and b, then along the row. */
#define ROW(VALUE, a0, a1, a2, a3, b0, b1, b2, b3, turn) \
    VALUE("r2", a0, b0, turn) \
    VALUE("r3", a2, b2, turn) \
    "ssub16 r2, r2, r3\n" \
    "str r2, [r0]\n" \
    VALUE("r2", a1, b1, turn) \
    "sadd16 r12, r2, r3\n" \
    "str r12, [r0, r1]\n" \
    "ssub16 r3, r3, r2\n" \
    "str r3, [r0, r1, lsl #1]\n" \
    VALUE("r3", a3, b3, turn) \
    "ssub16 r3, r3, r2\n" \
    "add r0, r1\n" \
    "str r3, [r0, r1, lsl #1]\n"

/* The same of four channels; then on to the next row. */
#define ROWS(VALUE, a0, a1, a2, a3, b0, b1, b2, b3) \
    ROW(VALUE, a0, a1, a2, a3, b0, b1, b2, b3, "") \
    "sub r0, r0, r1\n" \
    "add r0, #8\n" \
    ROW(VALUE, a0, a1, a2, a3, b0, b1, b2, b3, ", ror #8") \
    "add r0, r0, r1, lsl #1\n" \
    "add r0, r1\n" \
    "sub r0, #8\n"

/* Transforms tiles of 4 * `words` channels. x: bytes of the upper left pixel; `row` and `pixel`: bytes from one to the
   next. to: two words for each four channels, 8 bytes apart, at each of 16 positions, `position` bytes apart. */
MOTES_ASSEMBLY void winograd_2x2_values_s8_dsp(const int8_t *x, uint32_t row, uint32_t pixel, uint32_t *to,
                                               uint32_t position, uint32_t words) {
    /* Stack: 0 x, 4 row, 8 pixel, 12 to; from 52: position, words. r4-r7 and r8-r11: two rows of pixels. */
    __asm__ volatile(
        "push {r0-r11, lr}\n"
        "ldr r1, [sp, #52]\n"
        "mov r0, r3\n"
        "mov lr, r2\n"
        "1:\n" /* four channels */
        LOAD("0", "r4", "r5", "r6", "r7")
        LOAD("2", "r8", "r9", "r10", "r11")
        ROWS(LESS, "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11")
        LOAD("1", "r4", "r5", "r6", "r7")
        ROWS(BOTH, "r8", "r9", "r10", "r11", "r4", "r5", "r6", "r7")
        ROWS(LESS, "r8", "r9", "r10", "r11", "r4", "r5", "r6", "r7")
        LOAD("3", "r8", "r9", "r10", "r11")
        ROWS(LESS, "r8", "r9", "r10", "r11", "r4", "r5", "r6", "r7")
        "ldr r2, [sp]\n"
        "ldr r0, [sp, #12]\n"
        "ldr r3, [sp, #56]\n"
        "add r2, #4\n"
        "add r0, #16\n"
        "str r2, [sp]\n"
        "str r0, [sp, #12]\n"
        "subs r3, #1\n"
        "str r3, [sp, #56]\n"
        "bne.w 1b\n"
        "add sp, #16\n"
        "pop {r4-r11, pc}\n");
}

/* Products of column `j` to two half transformed, in a and b; `last` is what the last load does to r0. */
#define COLUMN(j, a, b, last) \
    "ldr " b ", [r0, #32 * " j " + 128]\n ldr r12, [r0, #32 * " j " + 256]\n" \
    "ldr r3, [r0, #32 * " j " + 384]\n ldr " a ", " last "\n" \
    "add " a ", " a ", " b "\n add " a ", " a ", r12\n sub " b ", " b ", r12\n add " b ", " b ", r3\n"

/* An output of the sum `a`: bias, multiplier, offset and what is taken off negative sums in r8 to r11. */
#define FINISH(a, to) \
    "add " a ", r8, " a ", lsl #5\n" \
    "and r3, r11, " a ", asr #31\n" \
    "smmla " a ", " a ", r9, r10\n" \
    "sub " a ", " a ", r3\n" \
    "ssat " a ", #8, " a ", asr #17\n" \
    "strb " a ", " to "\n"

/* Outputs of a tile and four channels, then of tile 1 to `other` unless that is null. sums: those of tile 0 or 1 in winograd_products_s8_dsp.h. `pixel`, `row`: bytes
   from one to the next in y. scales: for each channel bias, multiplier, offset, and what is taken off the scaled sum where
   the sum is negative. */
MOTES_ASSEMBLY void winograd_2x2_outputs_s8_dsp(const int32_t *sums, const int32_t *scales, int8_t *y, uint32_t pixel,
                                                uint32_t row, int8_t *other) {
    /* Stack: 0 where y ends; from 40: row, other. lr: pixel. */
    __asm__ volatile(
        "push {r4-r11, lr}\n"
        "mov lr, r3\n"
        "sub sp, #4\n"
        "0:\n" /* a tile */
        "add r4, r2, #4\n"
        "str r4, [sp]\n"
        "1:\n" /* a channel */
        COLUMN("1", "r6", "r7", "[r0, #32]")
        COLUMN("2", "r8", "r9", "[r0, #64]")
        COLUMN("3", "r10", "r11", "[r0, #96]")
        COLUMN("0", "r4", "r5", "[r0], #8")
        "add r4, r4, r6\n"
        "add r4, r4, r8\n"
        "sub r6, r6, r8\n"
        "add r6, r6, r10\n"
        "add r5, r5, r7\n"
        "add r5, r5, r9\n"
        "sub r7, r7, r9\n"
        "add r7, r7, r11\n"
        "ldr r12, [sp, #40]\n"
        "ldm r1!, {r8-r11}\n"
        "add r12, r2\n"
        FINISH("r6", "[r2, lr]")
        FINISH("r5", "[r12]")
        FINISH("r7", "[r12, lr]")
        FINISH("r4", "[r2], #1")
        "ldr r3, [sp]\n"
        "cmp r2, r3\n"
        "bne.w 1b\n"
        "ldr r2, [sp, #44]\n"
        "mov r3, #0\n"
        "str r3, [sp, #44]\n"
        "sub r0, #28\n"
        "sub r1, #64\n"
        "cmp r2, #0\n"
        "bne.w 0b\n"
        "add sp, #4\n"
        "pop {r4-r11, pc}\n");
}

#undef LOAD
#undef LESS
#undef BOTH
#undef ROW
#undef ROWS
#undef COLUMN
#undef FINISH
/* clang-format on */
#pragma GCC diagnostic pop

#endif
