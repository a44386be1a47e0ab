/* winograd_4x4_s8_dsp.h: the transforms of Winograd convolution F(4x4, 3x3) on Cortex-M4.

   A tile is 6x6 values of a channel, from which 4x4 outputs are made. Along one axis its transform
   is, over the points 0, 1, -1, 2, -2 and infinity,

       v0 = 4 d0 - 5 d2 + d4    v1, v2 = d4 - 4 d2 +- (d3 - 4 d1)
       v5 = 4 d1 - 5 d3 + d5    v3, v4 = d4 -   d2 +- 2 (d3 - d1)

   and 24 times the outputs of the products m are

       6 m0 + r - 4 p,  2 (s - 2 q),  4 (r - p),  4 (6 m5 + 2 s - q)

   with p, q = m1 +- m2 and r, s = m3 +- m4. Both are applied to rows and to columns, so that 576
   times a sum comes out, modulo 2^32. The weights of m0 and m5 may hold the 6, all of them a power
   of two. Rows of positions lie in the order 0, 5, 1, 2, 3, 4.

   Two channels go together as one number, 65536 * a + b: shifted sums of such numbers need one
   instruction each. In the end b must not be negative, or it would borrow from a. Hence values are
   taken as 0..255, and 12800 is added to the last two rows and columns of b alone: it comes out as
   12800 added at each position, and of each output as a number that the bias makes good. Then b
   lies in 50..30140, and a in -12750..17340.

   Source: A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2015. */
#ifndef MOTES_WINOGRAD_4X4_S8_DSP_H
#define MOTES_WINOGRAD_4X4_S8_DSP_H

#include "motes.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */
/* clang-format off */

/* Six values of one column from x words a0 to a5, transformed, to r3 + `plane`; r1 holds 0x00800080. */
#define COLUMN(turn, plane) \
    "sxtab16 r0, r1, r5" turn "\n" \
    "sxtab16 r11, r1, r7" turn "\n" \
    "sxtab16 r12, r1, r9" turn "\n" \
    "sub r0, r0, r11\n" \
    "sub lr, r12, r11, lsl #2\n" \
    "sub r12, r12, r11\n" \
    "add r0, r12, r0, lsl #2\n" \
    "str r0, [r3, #" plane "]\n" \
    "sxtab16 r0, r1, r6" turn "\n" \
    "sxtab16 r11, r1, r8" turn "\n" \
    "sub r4, r11, r0, lsl #2\n" \
    "sub r0, r11, r0\n" \
    "add lr, lr, r4\n" \
    "str lr, [r3, #" plane " + 48]\n" \
    "sub lr, lr, r4, lsl #1\n" \
    "sxtab16 r4, r1, r10" turn "\n" \
    "str lr, [r3, #" plane " + 72]\n" \
    "add r12, r12, r0, lsl #1\n" \
    "sub r4, r4, r11\n" \
    "str r12, [r3, #" plane " + 96]\n" \
    "sub r12, r12, r0, lsl #2\n" \
    "sub r4, r4, r0, lsl #2\n" \
    "str r12, [r3, #" plane " + 120]\n" \
    "str r4, [r3, #" plane " + 24]\n"

/* Transforms tiles of 4 * `words` channels. x: bytes of the upper left pixel; `row` and `pixel`: bytes from one to the
   next. to: two words for each four channels, 8 bytes apart, at each of 36 positions, `position` bytes apart. room: 288 bytes
   for two planes of 6x6, columns transformed. */
MOTES_ASSEMBLY void winograd_4x4_values_s8_dsp(const int8_t *x, uint32_t row, uint32_t pixel, uint32_t *to,
                                               uint32_t position, uint32_t words, uint32_t *room) {
    /* Stack: 0 x, 4 row, 8 pixel, 12 to; from 52: position, words, room. */
    __asm__ volatile(
        "push {r0-r11, lr}\n"
        "1:\n" /* four channels: columns */
        "ldr r2, [sp]\n"
        "ldr r3, [sp, #60]\n"
        "mov r1, #0x00800080\n"
        "2:\n"
        "ldr r0, [sp, #4]\n"
        "ldr r4, [sp, #8]\n"
        "ldr r5, [r2]\n"
        "ldr r6, [r2, r0]\n"
        "ldr r7, [r2, r0, lsl #1]\n"
        "ldr r9, [r2, r0, lsl #2]\n"
        "add r11, r2, r0\n"
        "ldr r8, [r11, r0, lsl #1]\n"
        "ldr r10, [r11, r0, lsl #2]\n"
        "add r2, r4\n"
        COLUMN("", "0")
        COLUMN(", ror #8", "144")
        "add r3, #4\n"
        "ldr r0, [sp, #60]\n"
        "add r0, #24\n"
        "cmp r3, r0\n"
        "bne 2b\n"
        /* rows: r0 writes, r1 is five positions, r2 one, lr where a plane ends */
        "ldr r0, [sp, #12]\n"
        "ldr r2, [sp, #52]\n"
        "add r1, r2, r2, lsl #2\n"
        "ldr r3, [sp, #60]\n"
        "add lr, r3, #144\n"
        "3:\n"
        "ldm r3!, {r4-r9}\n"
        "add r12, r0, r2\n"
        "add r8, #12800\n"
        "add r9, #12800\n"
        "sub r4, r4, r6\n"
        "sub r10, r8, r6, lsl #2\n"
        "sub r8, r8, r6\n"
        "sub r11, r7, r5, lsl #2\n"
        "sub r5, r7, r5\n"
        "add r4, r8, r4, lsl #2\n"
        "str r4, [r0]\n"
        "add r6, r10, r11\n"
        "str r6, [r0, r2]\n"
        "sub r10, r10, r11\n"
        "str r10, [r0, r2, lsl #1]\n"
        "add r6, r8, r5, lsl #1\n"
        "sub r9, r9, r7\n"
        "sub r8, r8, r5, lsl #1\n"
        "str r8, [r0, r2, lsl #2]\n"
        "sub r9, r9, r5, lsl #2\n"
        "str r9, [r12, r2, lsl #2]\n"
        "add r0, r12, r1\n"
        "str r6, [r12, r2, lsl #1]\n"
        "cmp r3, lr\n"
        "bne 3b\n"
        "ldr r1, [sp, #12]\n"
        "ldr r4, [sp, #60]\n"
        "add r4, #288\n"
        "cmp lr, r4\n"
        "mov lr, r4\n"
        "add r0, r1, #8\n"
        "add r1, r2, r2, lsl #2\n"
        "bne 3b\n"
        "ldr r1, [sp, #12]\n"
        "ldr r5, [sp, #56]\n"
        "ldr r6, [sp]\n"
        "add r1, #16\n"
        "add r6, #4\n"
        "str r1, [sp, #12]\n"
        "str r6, [sp]\n"
        "subs r5, #1\n"
        "str r5, [sp, #56]\n"
        "bne 1b\n"
        "add sp, #16\n"
        "pop {r4-r11, pc}\n");
}

/* Products r1 to r6 to outputs r1, r5, r3, r2, short of the factors 1, 2, 4 and 4; r7 is lost. `ends` are steps that begin
   r1 and r6, which count `times` then. `put` of an output comes where it is made. */
#define OUTPUTS(ends, times, put1, put3, put5) \
    "add.w r7, r2, r3\n" \
    "sub.w r2, r2, r3\n" \
    "add.w r3, r4, r5\n" \
    "sub.w r4, r4, r5\n" \
    ends \
    "add r1, r3, r1" times "\n" \
    "sub.w r3, r3, r7\n" \
    "sub r5, r4, r2, lsl #1\n" \
    put3 \
    "sub r1, r1, r7, lsl #2\n" \
    put5 \
    "rsb r2, r2, r4, lsl #1\n" \
    put1 \
    "add r2, r2, r6" times "\n"

/* The outputs of a row, of the sums r1, r5, r3 and r2 times 2^left: bias, multiplier, offset and what is taken off
   negative sums in r8 to r11. The last two have biases of their own. */
#define SCALE(a) "smmla " a ", " a ", r9, r10\n"
#define START(a, bias, left) "add " a ", " bias ", " a ", lsl #" left "\n"
#define NEGATIVE(a, less) "and " less ", r11, " a ", asr #31\n"
#define BYTE(a, right) "ssat " a ", #8, " a ", asr #" right "\n"
#ifdef MOTES_DUAL_ISSUE
/* For cores that begin two instructions a cycle: those of four outputs go together. */
#define FINISH(left0, left1, left2, right, biases, bias2, bias3) \
    biases START("r3", bias2, left2) START("r2", bias3, left2) \
    NEGATIVE("r3", "r7") SCALE("r3") NEGATIVE("r2", "r4") SCALE("r2") \
    START("r1", "r8", left0) "sub r3, r3, r7\n" START("r5", "r8", left1) "sub r2, r2, r4\n" \
    NEGATIVE("r1", "r6") SCALE("r1") NEGATIVE("r5", "r7") SCALE("r5") "add r4, r12, lr\n" \
    BYTE("r3", right) "sub r1, r1, r6\n" BYTE("r2", right) "sub r5, r5, r7\n" \
    "strb r3, [r12, lr, lsl #1]\n" BYTE("r1", right) "strb r2, [r4, lr, lsl #1]\n" \
    BYTE("r5", right) "strb r1, [r12]\n strb r5, [r12, lr]\n"
#else
#define FINISH_ONE(a, bias, left, right, to) \
    START(a, bias, left) NEGATIVE(a, "r7") SCALE(a) "sub " a ", " a ", r7\n" BYTE(a, right) "strb " a ", " to "\n"
#define FINISH(left0, left1, left2, right, biases, bias2, bias3) \
    FINISH_ONE("r1", "r8", left0, right, "[r12]") \
    FINISH_ONE("r5", "r8", left1, right, "[r12, lr]") \
    biases \
    FINISH_ONE("r3", bias2, left2, right, "[r12, lr, lsl #1]") \
    "add r5, r12, lr\n" \
    FINISH_ONE("r2", bias3, left2, right, "[r5, lr, lsl #1]")
#endif

/* A row of outputs: products from the stack, sums 2^left times too small. */
#define ROW(ends, times, right, at, left0, left1, left2, biases, bias2, bias3) \
    "ldr r2, [sp, #" at " + 4]\n ldr r3, [sp, #" at " + 8]\n" \
    "ldr r4, [sp, #" at " + 12]\n ldr r5, [sp, #" at " + 16]\n ldr r1, [sp, #" at "]\n ldr r6, [sp, #" at " + 20]\n" \
    OUTPUTS(ends, times, "", "", "") \
    FINISH(left0, left1, left2, right, biases, bias2, bias3)

#define NEXT_ROW "ldr r7, [sp, #148]\n add r12, r7\n"
#define CORNERS "ldr r4, [r0], #4\n ldr r6, [r0], #4\n"

/* Makes a function: outputs of a tile and four channels, then of tile 1 to `other` unless that is null. sums: those of
   tile 0 or 1 in winograd_products_s8_dsp.h. `pixel`, `row`: bytes from one to the next in y. scales: for each channel eight words: bias, multiplier, offset, what is taken off
   the scaled sum where the sum is negative, and the biases of the outputs (2, 2), (2, 3), (3, 2) and (3, 3).
   Stack: 0 4x6 half transformed, 96 sums, 100 y, 104 channels left; from 148: row, other. */
#define WINOGRAD_4X4_OUTPUTS(name, ends, times, right) \
MOTES_ASSEMBLY void name(const int32_t *sums, const int32_t *scales, int8_t *y, uint32_t pixel, uint32_t row, \
                         int8_t *other) { \
    __asm__ volatile( \
        "push {r4-r11, lr}\n" \
        "sub sp, #112\n" \
        "mov lr, r3\n" \
        "mov r12, r2\n" \
        "mov r8, r1\n" \
        "mov r9, #4\n" \
        "str r9, [sp, #104]\n" \
        "1:\n" /* a channel: columns */ \
        ".irp j, 0, 1, 2, 3, 4, 5\n" \
        "ldr r2, [r0, #32 * \\j + 384]\n" \
        "ldr r3, [r0, #32 * \\j + 576]\n" \
        "ldr r4, [r0, #32 * \\j + 768]\n" \
        "ldr r5, [r0, #32 * \\j + 960]\n" \
        "ldr r1, [r0, #32 * \\j]\n" \
        "ldr r6, [r0, #32 * \\j + 192]\n" \
        OUTPUTS(ends, times, "str r1, [sp, #4 * \\j]\n", "str r3, [sp, #4 * \\j + 48]\n", \
                "str r5, [sp, #4 * \\j + 24]\n") \
        "str r2, [sp, #4 * \\j + 72]\n" \
        ".endr\n" \
        "str r0, [sp, #96]\n" \
        "str r12, [sp, #100]\n" \
        "mov r0, r8\n" \
        "ldm r0!, {r8-r11}\n" \
        ROW(ends, times, right, "0", "0", "1", "2", "", "r8", "r8") \
        NEXT_ROW \
        ROW(ends, times, right, "24", "1", "2", "3", "", "r8", "r8") \
        NEXT_ROW \
        ROW(ends, times, right, "48", "2", "3", "4", CORNERS, "r4", "r6") \
        NEXT_ROW \
        ROW(ends, times, right, "72", "2", "3", "4", CORNERS, "r4", "r6") \
        "mov r8, r0\n" \
        "ldr r0, [sp, #96]\n" \
        "ldr r12, [sp, #100]\n" \
        "ldr r9, [sp, #104]\n" \
        "add r0, #8\n" \
        "add r12, #1\n" \
        "subs r9, #1\n" \
        "str r9, [sp, #104]\n" \
        "bne.w 1b\n" \
        "ldr r1, [sp, #152]\n" \
        "str r9, [sp, #152]\n" \
        "mov r9, #4\n" \
        "str r9, [sp, #104]\n" \
        "sub r0, #28\n" \
        "sub r8, #128\n" \
        "movs r12, r1\n" \
        "bne.w 1b\n" \
        "add sp, #112\n" \
        "pop {r4-r11, pc}\n"); \
}

/* Weights hold 6 in m0 and m5. */
WINOGRAD_4X4_OUTPUTS(winograd_4x4_outputs_s8_dsp, "", "", "17")
/* They do not. */
WINOGRAD_4X4_OUTPUTS(winograd_4x4_plain_outputs_s8_dsp,
                     "add r1, r1, r1, lsl #1\n add r6, r6, r6, lsl #1\n", ", lsl #1", "16")

#undef COLUMN
#undef OUTPUTS
#undef SCALE
#undef START
#undef NEGATIVE
#undef BYTE
#undef FINISH
#undef FINISH_ONE
#undef ROW
#undef NEXT_ROW
#undef CORNERS
/* clang-format on */
#pragma GCC diagnostic pop

#endif
