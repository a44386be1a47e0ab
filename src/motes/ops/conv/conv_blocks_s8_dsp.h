/* conv_blocks_s8_dsp.h: the inner kernel of int8 convolution on Cortex-M4.

   It multiplies four expanded windows with packed weights, two output channels at a time, rescales
   and stores. Three sums serve four pixels. A halfword of x holds two pixels, so that for pixels
   a, b, c, d SMLAD sums with one and the same weights

       s0 = 256 * a + b,  s1 = 256 * b + c,  s2 = 256 * c + d

   modulo 2^32, where a to d are what the pixels' own sums would be. Then, modulo 2^24,

       d = s2 - 256 * (s1 - 256 * s0),

   which is d itself where |d| < 2^23; and 256 * c = s2 - d, 256 * b = s1 - c, 256 * a = s0 - b.

   A step is two values of each window: four grouped loads (5 cycles), two SXTB16 and six SMLAD make
   13 cycles for 16 MACs. Each block of eight outputs adds 54 cycles (bias, separation, rescaling,
   stores). Thirteen registers are in use: six sums, three words of x, weights of each channel, two
   pointers.

   expanded: for each step three words, of the pixels a and b, b and c, c and d; a halfword is
   256 * x of the one + x of the other + 128.

   stream: for each block of two output channels

   - a word each: 257 * b - 128 * w, where the bias b holds the input's zero point, and w is the sum
     of the channel's weights: every sum starts with it;

   - a word a step: the weights of channel 0 in its bytes 0 and 2, of channel 1 in 1 and 3;

   - where `shift` is not 0, (multiplier, offset) a channel, proved by step.py; an output is

         ((256 * sum * multiplier >> 32) + offset) >> shift

   - where it is 0, (multiplier, offset, right) a channel, which is TFLM's own; an output is

         (high - (high < 0) + offset) >> right, with high = round(sum * multiplier / 2^31)

   Outputs are clamped to -128..127. */
#ifndef MOTES_CONV_BLOCKS_S8_DSP_H
#define MOTES_CONV_BLOCKS_S8_DSP_H

#include "motes.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */
/* clang-format off */

#define ROUND(r) \
    "asr " r ", " r ", #7\n smmulr " r ", " r ", r8\n add " r ", " r ", " r ", asr #31\n" \
    "add " r ", " r ", r9\n asr " r ", " r ", r10\n"

#define STEP(load) \
    "ldr r6, [lr], #4\n ldr r7, [lr], #4\n ldr r8, [lr], #4\n ldr r9, [r12], #4\n" load \
    "sxtb16 r11, r9\n sxtb16 r9, r9, ror #8\n" \
    "smlad r0, r6, r11, r0\n smlad r1, r7, r11, r1\n smlad r2, r8, r11, r2\n" \
    "smlad r3, r6, r9, r3\n smlad r4, r7, r9, r4\n smlad r5, r8, r9, r5\n"

/* What stays alike from four pixels to the next. */
typedef struct {
    const uint32_t *expanded_end;
    uint32_t second, third, fourth; /* bytes from the output of pixel a to those of b, c and d; the outputs of pixels that
                                       are alike may have one place */
    const int32_t *stream_end;
    int32_t skipped; /* 0 to 15 of the unrolled steps to leave out at first, so that whole rounds of sixteen are left
                        behind the very first step; there are at least two steps */
    int32_t shift;   /* 12 costs nothing, another one 16 cycles a block */
    const uint32_t *expanded;
    const int32_t *stream;
} conv_blocks_s8_dsp_job;

MOTES_ASSEMBLY void conv_blocks_s8_dsp(const conv_blocks_s8_dsp_job *job, int8_t *y) {
    /* Stack: 0 y, then the job from 4 on; expanded_end is 4 less where shift is not 12. r0-r2 sums of channel 0, r3-r5
       of channel 1; r6-r8 x, r9 and r11 weights, r10 the steps to skip, then the end; lr reads x, r12 the stream. */
    __asm__ volatile(
        "push {r4-r11, lr}\n"
        "ldm r0, {r3-r11}\n"
        "mov r12, r11\n"
        "cmp r9, #12\n"
        "it ne\n"
        "subne r3, r3, #4\n"
        "push {r1, r3-r11}\n"
        "1:\n" /* a block: its first step begins the sums */
        "ldr lr, [sp, #32]\n"
        "ldr r10, [sp, #24]\n"
        "ldr r2, [r12], #4\n"
        "ldr r5, [r12], #4\n"
        "ldr r9, [r12], #4\n"
        "ldr r6, [lr], #4\n"
        "ldr r7, [lr], #4\n"
        "ldr r8, [lr], #4\n"
        "sxtb16 r11, r9\n"
        "sxtb16 r9, r9, ror #8\n"
        "smlad r0, r6, r11, r2\n"
        "smlad r1, r7, r11, r2\n"
        "smlad r2, r8, r11, r2\n"
        "smlad r3, r6, r9, r5\n"
        "smlad r4, r7, r9, r5\n"
        "smlad r5, r8, r9, r5\n"
        "tbh [pc, r10, lsl #1]\n"
        "7:\n"
        ".irp skipped, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
        ".hword (2f - 7b + 48 * \\skipped) / 2\n" /* 48 bytes of code a step */
        ".endr\n"
        "2:\n"
        ".rept 15\n"
        STEP("")
        ".endr\n"
        STEP("ldr r10, [sp, #4]\n")
        "cmp lr, r10\n"
        "blo.w 2b\n"
        "sub r6, r1, r0, lsl #8\n"
        "sub r7, r4, r3, lsl #8\n"
        "sub.w r6, r2, r6, lsl #8\n"
        "sub.w r7, r5, r7, lsl #8\n"
        "lsl.w r6, r6, #8\n" /* 256 times the sums of d, then of c, b, a */
        "lsl.w r7, r7, #8\n"
        "sub.w r2, r2, r6, asr #8\n"
        "sub.w r5, r5, r7, asr #8\n"
        "sub.w r1, r1, r2, asr #8\n"
        "sub.w r4, r4, r5, asr #8\n"
        "sub.w r0, r0, r1, asr #8\n"
        "sub.w r3, r3, r4, asr #8\n"
        "bhi.w 4f\n" /* of the last comparison */
        "ldm r12!, {r8-r11}\n"
        ".irp i, 0, 1, 2, 6\n"
        "smmla r\\i, r\\i, r8, r9\n"
        ".endr\n"
        ".irp i, 3, 4, 5, 7\n"
        "smmla r\\i, r\\i, r10, r11\n"
        ".endr\n"
        "3:\n"
        ".irp i, 0, 1, 2, 3, 4, 5, 6, 7\n"
        "ssat r\\i, #8, r\\i, asr #12\n"
        ".endr\n"
        "6:\n"
        "ldr r8, [sp]\n"
        "ldr r9, [sp, #8]\n"
        "ldr r10, [sp, #12]\n"
        "ldr r11, [sp, #16]\n"
        "ldr lr, [sp, #20]\n"
        "strb r1, [r8, r9]\n"
        "strb r2, [r8, r10]\n"
        "strb r6, [r8, r11]\n"
        "strb r0, [r8], #1\n"
        "strb r4, [r8, r9]\n"
        "strb r5, [r8, r10]\n"
        "strb r7, [r8, r11]\n"
        "strb r3, [r8], #1\n"
        "str r8, [sp]\n"
        "cmp r12, lr\n"
        "bne.w 1b\n"
        "add sp, #40\n"
        "pop {r4-r11, pc}\n"
        "4:\n"
        "ldr lr, [sp, #28]\n"
        "subs lr, lr, #12\n"
        "blt 5f\n"
        "ldm r12!, {r8-r11}\n"
        ".irp i, 0, 1, 2, 6\n"
        "smmla r\\i, r\\i, r8, r9\n"
        "asr r\\i, r\\i, lr\n"
        ".endr\n"
        ".irp i, 3, 4, 5, 7\n"
        "smmla r\\i, r\\i, r10, r11\n"
        "asr r\\i, r\\i, lr\n"
        ".endr\n"
        "b 3b\n"
        "5:\n" /* TFLM's rounding: a rounded high product of twice the sum, then halves away from zero */
        "ldm r12!, {r8-r10}\n"
        ROUND("r0")
        ROUND("r1")
        ROUND("r2")
        ROUND("r6")
        "ldm r12!, {r8-r10}\n"
        ROUND("r3")
        ROUND("r4")
        ROUND("r5")
        ROUND("r7")
        ".irp i, 0, 1, 2, 3, 4, 5, 6, 7\n"
        "ssat r\\i, #8, r\\i\n"
        ".endr\n"
        "b 6b\n");
}

#undef ROUND
#undef STEP
/* clang-format on */
#pragma GCC diagnostic pop

#endif
