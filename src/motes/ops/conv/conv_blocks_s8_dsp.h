/* conv_blocks_s8_dsp.h: the inner kernel of int8 convolution on Cortex-M4: two pixels by four
   output channels at a time.

   It multiplies two expanded windows with packed weights, rescales and stores. All fourteen
   registers are taken: eight sums, two words of x, two of weights, two pointers. A step is two
   values of each window: four grouped loads (5 cycles), two SXTB16 and eight SMLAD make 15 cycles
   for 16 MACs, 0.94 cycles/MAC; sixteen steps are unrolled, and each block of eight outputs adds
   about 75 cycles (bias, rescaling, stores).

   A word of weights serves two output channels: each halfword is 256 * w0 + w1. SMLAD with the word
   sums 256 * s0 + s1, SMLAD with SXTB16 of it sums s1 alone; the difference is 256 * s0, exact
   modulo 2^32.

   expanded: for each step the word of pixel 0, then that of pixel 1, each two values as int16.
   stream: for each block of four output channels
       4 words       starts: 256 * b0 + b1, b1, 256 * b2 + b3, b3
       2 a step      weights of channels 0 and 1, of channels 2 and 3
       then, where `shift` is not 0, (multiplier, offset) a channel, and an output is
           clamp(((256 * sum * multiplier >> 32) + offset) >> shift)              [op.py's step.fit
   proves it equal] and where it is 0, (multiplier, offset, right) a channel, and an output is
           clamp((round(sum * multiplier / 2^31), less 1 if negative, + offset) >> right)   [TFLM's
   own, without a proof] Outputs are clamped to -128..127. Pixel 1 is stored first: it may be the
   same place as pixel 0, which then counts. */
#ifndef MOTES_CONV_BLOCKS_S8_DSP_H
#define MOTES_CONV_BLOCKS_S8_DSP_H

#include "motes.h"

#define CONV_BLOCKS_UNROLLED 16
#define CONV_BLOCKS_STEP_BYTES 56 /* code of one step */

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */

/* second: bytes from pixel 0's output to pixel 1's; steps: at least 1; skipped: bytes of code to
   leave out at first, so that whole rounds of the unrolled loop are left. */
MOTES_ASSEMBLY void conv_blocks_s8_dsp(const uint32_t *expanded, const int32_t *stream, int8_t *y,
                                       uint32_t second, const int32_t *stream_end,
                                       const uint32_t *expanded_end, uint32_t skipped,
                                       int32_t shift) {
    /* Stack: 0 expanded, 4 stream, 8 y, 12 second, then saved registers, then from 52 the arguments
     * in memory. */
    __asm__ volatile("push {r0-r11, lr}\n\t"
                     "adr.w r4, 2f\n\t"
                     "ldr r5, [sp, #60]\n\t"
                     "add r4, r4, r5\n\t"
                     "orr r4, r4, #1\n\t"
                     "str r4, [sp, #60]\n\t" /* where to enter the loop */
                     "mov r12, r1\n"
                     "1:\n\t"
                     "ldm r12!, {r0, r2, r4, r6}\n\t"
                     "mov r1, r0\n\t"
                     "mov r3, r2\n\t"
                     "mov r5, r4\n\t"
                     "mov r7, r6\n\t"
                     "ldr lr, [sp]\n\t"
                     "ldr pc, [sp, #60]\n\t"
                     ".p2align 2\n"
                     "2:\n\t"
                     ".rept 16\n\t"
                     "ldr r8, [lr], #4\n\t"
                     "ldr r9, [lr], #4\n\t"
                     "ldr r10, [r12], #4\n\t"
                     "ldr r11, [r12], #4\n\t"
                     "smlad r0, r8, r10, r0\n\t"
                     "smlad r1, r9, r10, r1\n\t"
                     "sxtb16 r10, r10\n\t"
                     "smlad r2, r8, r10, r2\n\t"
                     "smlad r3, r9, r10, r3\n\t"
                     "smlad r4, r8, r11, r4\n\t"
                     "smlad r5, r9, r11, r5\n\t"
                     "sxtb16 r11, r11\n\t"
                     "smlad r6, r8, r11, r6\n\t"
                     "smlad r7, r9, r11, r7\n\t"
                     ".endr\n\t"
                     "ldr r8, [sp, #56]\n\t"
                     "cmp lr, r8\n\t"
                     "bne.w 2b\n\t"
                     "ldr lr, [sp, #64]\n\t"
                     "sub r0, r0, r2\n\t"
                     "sub r1, r1, r3\n\t"
                     "lsl r2, r2, #8\n\t"
                     "lsl r3, r3, #8\n\t"
                     "sub r4, r4, r6\n\t"
                     "sub r5, r5, r7\n\t"
                     "lsl r6, r6, #8\n\t"
                     "lsl r7, r7, #8\n\t"
                     "cmp lr, #0\n\t"
                     "beq 3f\n\t"
                     "ldm r12!, {r8-r11}\n\t"
                     "smmla r0, r0, r8, r9\n\t"
                     "smmla r1, r1, r8, r9\n\t"
                     "smmla r2, r2, r10, r11\n\t"
                     "smmla r3, r3, r10, r11\n\t"
                     "ldm r12!, {r8-r11}\n\t"
                     "smmla r4, r4, r8, r9\n\t"
                     "smmla r5, r5, r8, r9\n\t"
                     "smmla r6, r6, r10, r11\n\t"
                     "smmla r7, r7, r10, r11\n\t"
                     "asr r0, r0, lr\n\t"
                     "asr r1, r1, lr\n\t"
                     "asr r2, r2, lr\n\t"
                     "asr r3, r3, lr\n\t"
                     "asr r4, r4, lr\n\t"
                     "asr r5, r5, lr\n\t"
                     "asr r6, r6, lr\n\t"
                     "asr r7, r7, lr\n"
                     "4:\n\t"
                     "ssat r0, #8, r0\n\t"
                     "ssat r1, #8, r1\n\t"
                     "ssat r2, #8, r2\n\t"
                     "ssat r3, #8, r3\n\t"
                     "ssat r4, #8, r4\n\t"
                     "ssat r5, #8, r5\n\t"
                     "ssat r6, #8, r6\n\t"
                     "ssat r7, #8, r7\n\t"
                     "ldr r8, [sp, #8]\n\t"
                     "ldr r9, [sp, #12]\n\t"
                     "ldr r10, [sp, #52]\n\t"
                     "add r9, r8\n\t"
                     "strb r1, [r9]\n\t"
                     "strb r3, [r9, #1]\n\t"
                     "strb r5, [r9, #2]\n\t"
                     "strb r7, [r9, #3]\n\t"
                     "strb r2, [r8, #1]\n\t"
                     "strb r4, [r8, #2]\n\t"
                     "strb r6, [r8, #3]\n\t"
                     "strb r0, [r8], #4\n\t"
                     "str r8, [sp, #8]\n\t"
                     "cmp r12, r10\n\t"
                     "bne.w 1b\n\t"
                     "add sp, #16\n\t"
                     "pop {r4-r11, pc}\n"
                     "3:\n\t"
                     "ldm r12!, {r8-r10}\n\t"
                     "asr r0, r0, #7\n\t"
                     "asr r1, r1, #7\n\t"
                     "smmulr r0, r0, r8\n\t"
                     "smmulr r1, r1, r8\n\t"
                     "add r0, r0, r0, asr #31\n\t"
                     "add r1, r1, r1, asr #31\n\t"
                     "add r0, r0, r9\n\t"
                     "add r1, r1, r9\n\t"
                     "asr r0, r0, r10\n\t"
                     "asr r1, r1, r10\n\t"
                     "ldm r12!, {r8-r10}\n\t"
                     "asr r2, r2, #7\n\t"
                     "asr r3, r3, #7\n\t"
                     "smmulr r2, r2, r8\n\t"
                     "smmulr r3, r3, r8\n\t"
                     "add r2, r2, r2, asr #31\n\t"
                     "add r3, r3, r3, asr #31\n\t"
                     "add r2, r2, r9\n\t"
                     "add r3, r3, r9\n\t"
                     "asr r2, r2, r10\n\t"
                     "asr r3, r3, r10\n\t"
                     "ldm r12!, {r8-r10}\n\t"
                     "asr r4, r4, #7\n\t"
                     "asr r5, r5, #7\n\t"
                     "smmulr r4, r4, r8\n\t"
                     "smmulr r5, r5, r8\n\t"
                     "add r4, r4, r4, asr #31\n\t"
                     "add r5, r5, r5, asr #31\n\t"
                     "add r4, r4, r9\n\t"
                     "add r5, r5, r9\n\t"
                     "asr r4, r4, r10\n\t"
                     "asr r5, r5, r10\n\t"
                     "ldm r12!, {r8-r10}\n\t"
                     "asr r6, r6, #7\n\t"
                     "asr r7, r7, #7\n\t"
                     "smmulr r6, r6, r8\n\t"
                     "smmulr r7, r7, r8\n\t"
                     "add r6, r6, r6, asr #31\n\t"
                     "add r7, r7, r7, asr #31\n\t"
                     "add r6, r6, r9\n\t"
                     "add r7, r7, r9\n\t"
                     "asr r6, r6, r10\n\t"
                     "asr r7, r7, r10\n\t"
                     "b 4b\n");
}

#pragma GCC diagnostic pop

#endif
