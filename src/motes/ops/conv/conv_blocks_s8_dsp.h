/* conv_blocks_s8_dsp.h: the inner kernel of int8 convolution on Cortex-M4.

   It multiplies two expanded windows with packed weights, two pixels by four output channels at a
   time, rescales and stores. All fourteen registers are taken: eight sums, two words of x, two of
   weights, two pointers. A step is two values of each window: four grouped loads (5 cycles), two
   SXTB16 and eight SMLAD make 15 cycles for 16 MACs. Sixteen steps are unrolled, and each block of
   eight outputs adds about 84 cycles (bias, rescaling, stores).

   A word of weights serves two output channels: each halfword is 256 * w0 + w1. SMLAD with the word
   sums 256 * s0 + s1, SMLAD with SXTB16 of it sums s1 alone; the difference is 256 * s0, exact
   modulo 2^32.

   expanded: for each step the word of pixel 0, then that of pixel 1, each two values as int16.

   stream: for each block of four output channels

   - 4 words: 256 * b0 + b1, b1, 256 * b2 + b3, b3, where the bias b holds the input's zero point;

   - 2 words a step: weights of channels 0 and 1, of channels 2 and 3;

   - where `shift` is not 0, (multiplier, offset) a channel, proved by step.py; an output is

         ((256 * sum * multiplier >> 32) + offset) >> shift

   - where it is 0, (multiplier, offset, right) a channel, which is TFLM's own; an output is

         (high - (high < 0) + offset) >> right, with high = round(sum * multiplier / 2^31)

   Outputs are clamped to -128..127. Pixel 1 is stored first: it may be the same place as pixel 0,
   which then counts. */
#ifndef MOTES_CONV_BLOCKS_S8_DSP_H
#define MOTES_CONV_BLOCKS_S8_DSP_H

#include "motes.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */

#define ROUND(r)                                                                                   \
    "asr " r ", " r ", #7\n smmulr " r ", " r ", r8\n add " r ", " r ", " r ", asr #31\n"          \
    "add " r ", " r ", r9\n asr " r ", " r ", r10\n"

/* second: bytes from pixel 0's output to pixel 1's; skipped: 0 to 15 steps to leave out of the
   unrolled loop at first, so that whole rounds of sixteen are left. */
MOTES_ASSEMBLY void conv_blocks_s8_dsp(const uint32_t *expanded, const int32_t *stream, int8_t *y,
                                       uint32_t second, const int32_t *stream_end,
                                       const uint32_t *expanded_end, int32_t skipped,
                                       int32_t shift) {
    /* clang-format off */
    /* Stack: 0 expanded, 8 y, 12 second; from 52: stream_end, expanded_end, skipped, shift.
       r0 r2 r4 r6 sums of pixel 0, r1 r3 r5 r7 of pixel 1; r8 r9 x, r10 r11 weights; lr reads x, r12 the stream. */
    __asm__ volatile(
        "push {r0-r11, lr}\n"
        "mov r12, r1\n"
        "1:\n" /* a block */
        "ldm r12!, {r0, r2, r4, r6}\n"
        "mov r1, r0\n"
        "mov r3, r2\n"
        "mov r5, r4\n"
        "mov r7, r6\n"
        "ldr lr, [sp]\n"
        "ldr r8, [sp, #60]\n"
        "tbh [pc, r8, lsl #1]\n"
        "5:\n"
        ".irp skipped, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
        ".hword (2f - 5b + 56 * \\skipped) / 2\n" /* 56 bytes of code a step */
        ".endr\n"
        "2:\n"
        ".rept 16\n"
        "ldr r8, [lr], #4\n"
        "ldr r9, [lr], #4\n"
        "ldr r10, [r12], #4\n"
        "ldr r11, [r12], #4\n"
        "smlad r0, r8, r10, r0\n"
        "smlad r1, r9, r10, r1\n"
        "sxtb16 r10, r10\n"
        "smlad r2, r8, r10, r2\n"
        "smlad r3, r9, r10, r3\n"
        "smlad r4, r8, r11, r4\n"
        "smlad r5, r9, r11, r5\n"
        "sxtb16 r11, r11\n"
        "smlad r6, r8, r11, r6\n"
        "smlad r7, r9, r11, r7\n"
        ".endr\n"
        "ldr r8, [sp, #56]\n"
        "cmp lr, r8\n"
        "bne.w 2b\n"
        "ldr lr, [sp, #64]\n"
        "sub r0, r0, r2\n" /* 256 times the sums of channels 0 and 2 */
        "sub r1, r1, r3\n"
        "sub r4, r4, r6\n"
        "sub r5, r5, r7\n"
        ".irp i, 2, 3, 6, 7\n" /* and of channels 1 and 3 */
        "lsl r\\i, r\\i, #8\n"
        ".endr\n"
        "cmp lr, #0\n"
        "beq 4f\n"
        "ldm r12!, {r8-r11}\n"
        "smmla r0, r0, r8, r9\n"
        "smmla r1, r1, r8, r9\n"
        "smmla r2, r2, r10, r11\n"
        "smmla r3, r3, r10, r11\n"
        "ldm r12!, {r8-r11}\n"
        "smmla r4, r4, r8, r9\n"
        "smmla r5, r5, r8, r9\n"
        "smmla r6, r6, r10, r11\n"
        "smmla r7, r7, r10, r11\n"
        ".irp i, 0, 1, 2, 3, 4, 5, 6, 7\n"
        "asr r\\i, r\\i, lr\n"
        ".endr\n"
        "3:\n"
        ".irp i, 0, 1, 2, 3, 4, 5, 6, 7\n"
        "ssat r\\i, #8, r\\i\n"
        ".endr\n"
        "ldr r8, [sp, #8]\n"
        "ldr r9, [sp, #12]\n"
        "ldr r10, [sp, #52]\n"
        "add r9, r8\n"
        "strb r1, [r9]\n"
        "strb r3, [r9, #1]\n"
        "strb r5, [r9, #2]\n"
        "strb r7, [r9, #3]\n"
        "strb r2, [r8, #1]\n"
        "strb r4, [r8, #2]\n"
        "strb r6, [r8, #3]\n"
        "strb r0, [r8], #4\n"
        "str r8, [sp, #8]\n"
        "cmp r12, r10\n"
        "bne.w 1b\n"
        "add sp, #16\n"
        "pop {r4-r11, pc}\n"
        "4:\n" /* TFLM's rounding: a rounded high product of twice the sum, then halves away from zero */
        "ldm r12!, {r8-r10}\n"
        ROUND("r0")
        ROUND("r1")
        "ldm r12!, {r8-r10}\n"
        ROUND("r2")
        ROUND("r3")
        "ldm r12!, {r8-r10}\n"
        ROUND("r4")
        ROUND("r5")
        "ldm r12!, {r8-r10}\n"
        ROUND("r6")
        ROUND("r7")
        "b 3b\n");
    /* clang-format on */
}

#undef ROUND
#pragma GCC diagnostic pop

#endif
