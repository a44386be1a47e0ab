/* depthwise_rows_s8_dsp.h: the inner kernels of 3x3 depthwise convolution on Cortex-M4: rows of one
   channel.

   The channel lies in a plane of its own: a word holds one column of two rows, (upper, lower), each
   value times 256; the words of the next two rows lie `pitch` bytes behind. One SMLAD multiplies
   two rows by two taps. `taps` is eight words: for each filter column (w0, w1), then for each (w1,
   w2), all times 2^a; a multiplier; an offset. An output is
       ((2^(8 + a) * sum * multiplier >> 32) + offset) >> 16, clamped to -128..127
   where the offset holds the bias: step.py proves that it equals TFLM's rounding.

   Four such planes are spread from two rows at 2.6 cycles a value.

   Outputs of one row lie `channels` bytes apart. pairs: out_w / 2; odd: out_w % 2. The taps stay in
   registers: 16 cycles an output at stride 1, 22 at stride 2, and about 25 more a row. */
#ifndef MOTES_DEPTHWISE_ROWS_S8_DSP_H
#define MOTES_DEPTHWISE_ROWS_S8_DSP_H

#include "motes.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */
/* clang-format off */

/* Spreads `columns` columns of four channels: words of the upper row at `upper`, `upper_step` bytes apart, and of the row
   below it alike, into four planes of `plane` bytes. */
MOTES_ASSEMBLY void depthwise_spread_s8_dsp(const int8_t *upper, uint32_t upper_step, const int8_t *lower,
                                            uint32_t lower_step, uint32_t *to, uint32_t plane, uint32_t columns) {
    /* Stack from 36: to, plane, columns. r9 where to end, r10 and r11 one and three planes, r12 high bytes, lr to. */
    __asm__ volatile(
        "push {r4-r11, lr}\n"
        "ldr lr, [sp, #36]\n"
        "ldr r10, [sp, #40]\n"
        "ldr r9, [sp, #44]\n"
        "mov r12, #0xFF00FF00\n"
        "add r9, lr, r9, lsl #2\n"
        "add r11, r10, r10, lsl #1\n"
        "1:\n"
        "ldr r4, [r0]\n"
        "ldr r5, [r2]\n"
        "add r0, r1\n"
        "add r2, r3\n"
        "and r6, r12, r4, lsl #8\n" /* channels 0 and 2 */
        "and r7, r12, r5, lsl #8\n"
        "and r4, r4, r12\n" /* channels 1 and 3 */
        "and r5, r5, r12\n"
        "pkhtb r8, r7, r6, asr #16\n"
        "str r8, [lr, r10, lsl #1]\n"
        "pkhbt r8, r4, r5, lsl #16\n"
        "str r8, [lr, r10]\n"
        "pkhtb r8, r5, r4, asr #16\n"
        "str r8, [lr, r11]\n"
        "pkhbt r8, r6, r7, lsl #16\n"
        "str r8, [lr], #4\n"
        "cmp lr, r9\n"
        "bne 1b\n"
        "pop {r4-r11, pc}\n");
}

/* One filter column, upper rows in r10, lower ones in r11: to the sum `a` of a row, and `b` of the row below it. */
#define BEGIN(w01, w12, a, b) \
    "smuad " a ", r10, " w01 "\n smultb " b ", r10, " w01 "\n" \
    "smlabt " a ", r11, " w12 ", " a "\n smlad " b ", r11, " w12 ", " b "\n"
#define ADD(w01, w12, a, b) \
    "smlad " a ", r10, " w01 ", " a "\n smlatb " b ", r10, " w01 ", " b "\n" \
    "smlabt " a ", r11, " w12 ", " a "\n smlad " b ", r11, " w12 ", " b "\n"
#define RESCALE(a) "smmla " a ", " a ", r10, r11\n ssat " a ", #8, " a ", asr #16\n"

/* Stride 1: `rows` times two rows of outputs, the lower `lower` bytes behind the upper. The lower one is stored first: with
   `lower` 0 only the upper one remains. */
MOTES_ASSEMBLY void depthwise_rows_1_s8_dsp(const uint32_t *plane, const uint32_t *taps, int8_t *y, uint32_t pairs,
                                            uint32_t odd, uint32_t pitch, uint32_t channels, uint32_t lower,
                                            uint32_t rows) {
    /* Stack: 0 multiplier, 4 offset, 8 plane, 12 end of pairs, 16 y, 20 bytes of pairs; from 60: odd, pitch, channels,
       lower, rows. r0-r5 taps; r6 and r7 sums of a column, r8 and r9 of the next; lr, r12 where they are read. */
    __asm__ volatile(
        "push {r0-r11, lr}\n"
        "sub sp, #8\n"
        "lsl r3, r3, #3\n"
        "str r3, [sp, #20]\n"
        "ldm r1, {r0-r5, r10, r11}\n"
        "strd r10, r11, [sp]\n"
        "1:\n" /* two rows */
        "ldr lr, [sp, #8]\n"
        "ldr r10, [sp, #20]\n"
        "ldr r12, [sp, #64]\n"
        "add r11, lr, r10\n"
        "add r12, lr\n"
        "str r11, [sp, #12]\n"
        "cmp r10, #0\n"
        "beq 3f\n"
        "2:\n" /* two columns */
        "ldr r10, [lr], #4\n"
        "ldr r11, [r12], #4\n"
        BEGIN("r0", "r3", "r6", "r7")
        "ldr r10, [lr], #4\n"
        "ldr r11, [r12], #4\n"
        ADD("r1", "r4", "r6", "r7")
        BEGIN("r0", "r3", "r8", "r9")
        "ldr r10, [lr]\n"
        "ldr r11, [r12]\n"
        ADD("r2", "r5", "r6", "r7")
        ADD("r1", "r4", "r8", "r9")
        "ldr r10, [lr, #4]\n"
        "ldr r11, [r12, #4]\n"
        ADD("r2", "r5", "r8", "r9")
        "ldr r10, [sp]\n"
        "ldr r11, [sp, #4]\n"
        "ldr r12, [sp, #16]\n"
        RESCALE("r6")
        RESCALE("r7")
        RESCALE("r8")
        RESCALE("r9")
        "ldr r10, [sp, #68]\n"
        "ldr r11, [sp, #72]\n"
        "strb r7, [r12, r11]\n"
        "strb r6, [r12]\n"
        "add r12, r10\n"
        "strb r9, [r12, r11]\n"
        "strb r8, [r12]\n"
        "add r12, r10\n"
        "str r12, [sp, #16]\n"
        "ldr r10, [sp, #12]\n"
        "ldr r12, [sp, #64]\n"
        "cmp lr, r10\n"
        "add r12, lr\n"
        "bne 2b\n"
        "3:\n"
        "ldr r10, [sp, #60]\n"
        "cmp r10, #0\n"
        "beq 4f\n"
        "ldr r10, [lr], #4\n" /* the last column */
        "ldr r11, [r12], #4\n"
        BEGIN("r0", "r3", "r6", "r7")
        "ldr r10, [lr], #4\n"
        "ldr r11, [r12], #4\n"
        ADD("r1", "r4", "r6", "r7")
        "ldr r10, [lr]\n"
        "ldr r11, [r12]\n"
        ADD("r2", "r5", "r6", "r7")
        "ldr r10, [sp]\n"
        "ldr r11, [sp, #4]\n"
        "ldr r12, [sp, #16]\n"
        "ldr r8, [sp, #68]\n"
        "ldr r9, [sp, #72]\n"
        RESCALE("r6")
        RESCALE("r7")
        "strb r7, [r12, r9]\n"
        "strb r6, [r12]\n"
        "add r12, r8\n"
        "str r12, [sp, #16]\n"
        "4:\n"
        "ldr r6, [sp, #8]\n"
        "ldr r7, [sp, #64]\n"
        "ldr r8, [sp, #16]\n"
        "ldr r9, [sp, #72]\n"
        "ldr r10, [sp, #76]\n"
        "add r6, r7\n"
        "add r8, r9\n"
        "str r6, [sp, #8]\n"
        "str r8, [sp, #16]\n"
        "subs r10, #1\n"
        "str r10, [sp, #76]\n"
        "bne 1b\n"
        "add sp, #24\n"
        "pop {r4-r11, pc}\n");
}

/* One filter column at stride 2: to the sum `a` of the only row. */
#define BEGIN_2(w01, w12, a) "smuad " a ", r10, " w01 "\n smlabt " a ", r11, " w12 ", " a "\n"
#define ADD_2(w01, w12, a) "smlad " a ", r10, " w01 ", " a "\n smlabt " a ", r11, " w12 ", " a "\n"

/* Stride 2: `rows` rows of outputs, one behind the other. */
MOTES_ASSEMBLY void depthwise_rows_2_s8_dsp(const uint32_t *plane, const uint32_t *taps, int8_t *y, uint32_t pairs,
                                            uint32_t odd, uint32_t pitch, uint32_t channels, uint32_t rows) {
    /* Stack: 0 multiplier, 4 offset, 8 plane, 12 end of pairs, 16 y, 20 bytes of pairs; from 60: odd, pitch, channels,
       rows. r0-r5 taps; r6, r7 sums of two columns; r8 y, r9 channels; lr, r12 where upper and lower rows are read. */
    __asm__ volatile(
        "push {r0-r11, lr}\n"
        "sub sp, #8\n"
        "lsl r3, r3, #4\n"
        "str r3, [sp, #20]\n"
        "mov r8, r2\n"
        "ldr r9, [sp, #68]\n"
        "ldm r1, {r0-r5, r10, r11}\n"
        "strd r10, r11, [sp]\n"
        "1:\n" /* a row */
        "ldr lr, [sp, #8]\n"
        "ldr r10, [sp, #20]\n"
        "ldr r12, [sp, #64]\n"
        "add r11, lr, r10\n"
        "add r12, lr\n"
        "str r12, [sp, #8]\n"
        "str r11, [sp, #12]\n"
        "cmp r10, #0\n"
        "beq 3f\n"
        "2:\n" /* two columns */
        "ldr r10, [lr], #4\n"
        "ldr r11, [r12], #4\n"
        BEGIN_2("r0", "r3", "r6")
        "ldr r10, [lr], #4\n"
        "ldr r11, [r12], #4\n"
        ADD_2("r1", "r4", "r6")
        "ldr r10, [lr], #4\n"
        "ldr r11, [r12], #4\n"
        ADD_2("r2", "r5", "r6")
        BEGIN_2("r0", "r3", "r7")
        "ldr r10, [lr], #4\n"
        "ldr r11, [r12], #4\n"
        ADD_2("r1", "r4", "r7")
        "ldr r10, [lr]\n"
        "ldr r11, [r12]\n"
        ADD_2("r2", "r5", "r7")
        "ldr r10, [sp]\n"
        "ldr r11, [sp, #4]\n"
        RESCALE("r6")
        RESCALE("r7")
        "ldr r10, [sp, #12]\n"
        "strb r6, [r8]\n"
        "add r8, r9\n"
        "strb r7, [r8]\n"
        "add r8, r9\n"
        "cmp lr, r10\n"
        "bne 2b\n"
        "3:\n"
        "ldr r10, [sp, #60]\n"
        "cmp r10, #0\n"
        "beq 4f\n"
        "ldr r10, [lr], #4\n" /* the last column */
        "ldr r11, [r12], #4\n"
        BEGIN_2("r0", "r3", "r6")
        "ldr r10, [lr], #4\n"
        "ldr r11, [r12], #4\n"
        ADD_2("r1", "r4", "r6")
        "ldr r10, [lr]\n"
        "ldr r11, [r12]\n"
        ADD_2("r2", "r5", "r6")
        "ldr r10, [sp]\n"
        "ldr r11, [sp, #4]\n"
        RESCALE("r6")
        "strb r6, [r8]\n"
        "add r8, r9\n"
        "4:\n"
        "ldr r10, [sp, #72]\n"
        "subs r10, #1\n"
        "str r10, [sp, #72]\n"
        "bne 1b\n"
        "add sp, #24\n"
        "pop {r4-r11, pc}\n");
}

#undef BEGIN
#undef ADD
#undef RESCALE
#undef BEGIN_2
#undef ADD_2
/* clang-format on */
#pragma GCC diagnostic pop

#endif
