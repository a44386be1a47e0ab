/* conv_fours_s8_dsp.h: the inner kernel of int8 convolution on Cortex-M4: all output channels of
   four pixels, then of the next four.

   First the windows of four pixels are *expanded* to halfwords of two pixels. Each window is `rows`
   rows of `runs` runs of `run` bytes, at any address. Three words hold two values of each window:
   the halfwords are 256 * a + b + 128, then 256 * b + c + 128 and 256 * c + d + 128, where a to d
   are the windows' values; so the byte of the first lies above the byte of the second, whose top
   bit is turned. The two values of four bytes are (0, 2), then (1, 3). A rest of one is
   (0, nothing), of two (0, 1), of three (0, 2) and (1, nothing); weights are 0 where there is
   nothing. That takes 1.9 cycles a value in long runs, and 16 more for each four runs.

   Then they are multiplied with packed weights in *blocks* of two output channels. Three sums serve
   four pixels: SMLAD sums with one and the same weights

       s0 = 256 * a + b,  s1 = 256 * b + c,  s2 = 256 * c + d

   modulo 2^32, where a to d are what the pixels' own sums would be. Then, modulo 2^24,

       d = s2 - 256 * (s1 - 256 * s0),

   which is d itself where |d| < 2^23; and 256 * c = s2 - d, 256 * b = s1 - c, 256 * a = s0 - b.

   A step is two values of each window: four grouped loads (5 cycles), two SXTB16 and six SMLAD make
   13 cycles for 16 MACs. Each block of eight outputs adds 66 cycles (bias, separation, rescaling,
   stores), four pixels 38. A single pixel is 8 cycles for 4 MACs.

   stream: for each block

   - a word for each channel: 257 * b - 128 * w, where the bias b holds the input's zero point, and
   w is the sum of the channel's weights: every sum starts with it;

   - a word a step: the weights of channel 0 in its bytes 0 and 2, of channel 1 in 1 and 3;

   - where `shift` is not 0, the multipliers of both, and in the halves of a word how far offset 0
   is above `offset`, and offset 1 above offset 0, proved by step.py; an output is

         ((256 * sum * multiplier >> 32) + its offset) >> shift

   - where it is 0, (multiplier, offset, right) a channel, which is TFLM's own; an output is

         (high - (high < 0) + offset) >> right, with high = round(sum * multiplier / 2^31)

   Outputs are clamped to -128..127. */
#ifndef MOTES_CONV_FOURS_S8_DSP_H
#define MOTES_CONV_FOURS_S8_DSP_H

#ifdef MOTES_DUAL_ISSUE
#include "conv_fours_dual_s8_dsp.h"
#endif
#include "fours_dsp.h"
#include "motes.h"

typedef struct {
    int8_t *y;
    /* Behind the expanded windows; a word less where shift is not 12: that takes 16 cycles a block.
     */
    const uint32_t *expanded_end;
    /* Bytes from the output of pixel a to that of b, which is half of those to c, and to that of d.
       Of the last four pixels, those that lack have the window and the output of the first: where
       there are two, they are a and d. Where both are 0 there is but one. */
    int32_t second, fourth, offset;
    const int32_t *stream_end; /* a word less where the last channel is alone in its block */
    int32_t skipped; /* 0 to 15 of the unrolled steps to leave out at first, so that whole rounds of
                        sixteen are left behind the very first step; there are at least two */
    int32_t shift;
    uint32_t *expanded;
    const int32_t *stream;
    const int8_t *x[4]; /* where the windows begin */
    int32_t run, runs;
    int32_t pitch;       /* bytes from behind the last whole word of a run to the next */
    int32_t rows, down;  /* bytes from behind the last run of a row, and a pitch, to the next row */
    int32_t step, fours; /* bytes from a window to that of the next four; how many fours */
} conv_fours_s8_dsp_job;

/* Where the outputs of `pixels` pixels lie, 4 or fewer, of which the job has the windows: first
   those, then the first again. */
MOTES_INLINE void conv_fours_s8_dsp_last(conv_fours_s8_dsp_job *job, int32_t pixels,
                                         int32_t out_ch) {
    job->second = pixels > 2 ? out_ch : 0;
    job->fourth = pixels == 4 ? 3 * out_ch : pixels == 2 ? out_ch : 0;
    if (pixels == 2) {
        job->x[3] = job->x[1];
        job->x[1] = job->x[0];
    }
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */
/* clang-format off */

/* 48 bytes of code. */
#define STEP(load) \
    "ldr r6, [lr], #4\n ldr r7, [lr], #4\n ldr r8, [lr], #4\n ldr r9, [r12], #4\n" load \
    "sxtb16 r11, r9\n sxtb16 r9, r9, ror #8\n" \
    "smlad r0, r6, r11, r0\n smlad r1, r7, r11, r1\n smlad r2, r8, r11, r2\n" \
    "smlad r3, r6, r9, r3\n smlad r4, r7, r9, r4\n smlad r5, r8, r9, r5\n"

/* TFLM's: a rounded high product of twice the sum, then halves away from zero. */
#define ROUND(r, offset, right) \
    "asr " r ", " r ", #7\n smmulr " r ", " r ", r8\n add " r ", " r ", " r ", asr #31\n" \
    "add " r ", " r ", " offset "\n asr " r ", " r ", " right "\n"

/* Of the words in r9 and r11: offset 0 to r11, offset 1 to r9. */
#define OFFSETS "uxtah r11, r11, r9\n sxtah r9, r11, r9, ror #16\n"

MOTES_ASSEMBLY void conv_fours_s8_dsp(const conv_fours_s8_dsp_job *job) {
    /* Stack: the job; 84 runs left, 88 rows left.
       Expansion: r0-r3 read x, r11 is the pitch, r12 writes, lr counts the bytes left of a run, less four.
       Blocks: r0-r2 sums of channel 0, r3-r5 of channel 1; r6-r8 x, r9 and r11 weights, r10 the steps to skip, then
       the end; lr reads x, r12 the stream. */
    __asm__ volatile(
        "push {r4-r11, lr}\n"
        "sub sp, #92\n"
        "mov r12, sp\n"
        ".rept 3\n"
        "ldm r0!, {r1-r7}\n"
        "stm r12!, {r1-r7}\n"
        ".endr\n"
        FOURS_FLAGS
        "add r3, sp, #40\n"
        "ldm r3, {r0-r3}\n"

        "10:\n" /* four windows */
        "ldr r11, [sp, #64]\n"
        "ldr r12, [sp, #32]\n"
        "ldr r8, [sp, #68]\n"
        "11:\n" /* a row of each */
        "str r8, [sp, #88]\n"
        "ldr r8, [sp, #60]\n"
        "12:\n" /* a run of each */
        "str r8, [sp, #84]\n"
        "ldr lr, [sp, #56]\n"
        "subs lr, lr, #4\n"
        "blt 15f\n"
        "13:\n"
        "ldr r4, [r0], #4\n"
        "ldr r5, [r1], #4\n"
        "ldr r6, [r2], #4\n"
        "ldr r7, [r3], #4\n"
        "14:\n"
        FOURS_EVEN
        FOURS_ODD
        "subs lr, lr, #4\n"
        "bge 13b\n"
        "15:\n"
        "cmn lr, #4\n"
        "bgt 20f\n" /* a rest */
        "16:\n"
        "add r0, r0, r11\n"
        "add r1, r1, r11\n"
        "add r2, r2, r11\n"
        "add r3, r3, r11\n"
        "ldr r8, [sp, #84]\n"
        "subs r8, r8, #1\n"
        "bne 12b\n"
        "ldr r8, [sp, #88]\n"
        "subs r8, r8, #1\n"
        "bne 23f\n"
        "ldr r12, [sp, #36]\n"
        "ldrd r4, r5, [sp, #8]\n"
        "orrs r4, r5\n"
        "beq.w 30f\n"

        "1:\n" /* a block: its first step begins the sums */
#ifdef MOTES_DUAL_ISSUE
        DUAL_FIRST_STEP
        "tbh [pc, r9, lsl #1]\n"
#else
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
#endif
        "7:\n"
        ".irp skipped, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
        ".hword (2f - 7b + 48 * \\skipped) / 2\n"
        ".endr\n"
        "2:\n"
#ifdef MOTES_DUAL_ISSUE
        ".rept 15\n"
        DUAL_STEP
        ".endr\n"
        DUAL_LAST_STEP("2b", "9f")
        "9:\n"
        DUAL_LAST_PIXEL
        "bhi.w 4f\n" /* of the last comparison */
        DUAL_OTHER_PIXELS(DUAL_SMMLA, DUAL_SSAT)
        "3:\n"
        DUAL_STORES
#else
        ".rept 15\n"
        STEP("")
        ".endr\n"
        STEP("ldr r10, [sp, #4]\n")
        "cmp lr, r10\n"
        "blo.w 2b\n"
        FOURS_SEPARATE
        "ldr r8, [r12], #4\n"
        "ldr r10, [r12], #4\n"
        "ldr r9, [r12], #4\n"
        "ldr r11, [sp, #16]\n"
        "bhi.w 4f\n" /* of the last comparison */
        OFFSETS
        FOURS_SCALE_0("r8", "r11")
        FOURS_SCALE_1("r10", "r9")
        "3:\n"
        FOURS_CLAMP("12")
        "6:\n"
        "ldr r8, [sp]\n"
        "ldr r9, [sp, #8]\n"
        "ldr r11, [sp, #12]\n"
        "ldr lr, [sp, #20]\n"
        "strb r1, [r8, r9]\n"
        "strb r2, [r8, r9, lsl #1]\n"
        "strb r6, [r8, r11]\n"
        "strb r0, [r8], #1\n"
        "cmp r12, lr\n"
#endif
        "bhi 8f\n"
        "strb r4, [r8, r9]\n"
        "strb r5, [r8, r9, lsl #1]\n"
        "strb r7, [r8, r11]\n"
        "strb r3, [r8], #1\n"
        "str r8, [sp]\n"
        "bne.w 1b\n"

        "8:\n" /* the next four: y is behind pixel a now */
        "add r8, r8, r11\n"
        "str r8, [sp]\n"
        "add r6, sp, #40\n"
        "ldm r6, {r0-r3}\n"
        "ldr r4, [sp, #76]\n"
        "ldr r5, [sp, #80]\n"
        "add r0, r0, r4\n"
        "add r1, r1, r4\n"
        "add r2, r2, r4\n"
        "add r3, r3, r4\n"
        "stm r6!, {r0-r3}\n"
        "subs r5, r5, #1\n"
        "str r5, [sp, #80]\n"
        "bne.w 10b\n"
        "add sp, #92\n"
        "pop {r4-r11, pc}\n"

        "4:\n" /* another rescaling */
        "ldr lr, [sp, #28]\n"
        "subs lr, lr, #12\n"
        "blt 5f\n"
#ifdef MOTES_DUAL_ISSUE
        DUAL_OTHER_PIXELS(DUAL_SMMLA, DUAL_NO_SSAT)
        ".irp i, 6, 7, 2, 5, 1, 4, 0, 3\n"
        "asr r\\i, r\\i, lr\n"
        ".endr\n"
        DUAL_SSAT("r6") DUAL_SSAT("r7")
        "ldr lr, [sp]\n"
        "b.w 3b\n"
        "5:\n"
        DUAL_OTHER_PIXELS(DUAL_NO_SMMLA, DUAL_NO_SSAT)
        "ldr r9, [r12, #-4]\n"
#else
        OFFSETS
        ".irp i, 0, 1, 2, 6\n"
        "smmla r\\i, r\\i, r8, r11\n"
        "asr r\\i, r\\i, lr\n"
        ".endr\n"
        ".irp i, 3, 4, 5, 7\n"
        "smmla r\\i, r\\i, r10, r9\n"
        "asr r\\i, r\\i, lr\n"
        ".endr\n"
        "b 3b\n"
        "5:\n"
#endif
        ROUND("r0", "r10", "r9")
        ROUND("r1", "r10", "r9")
        ROUND("r2", "r10", "r9")
        ROUND("r6", "r10", "r9")
        "ldm r12!, {r8-r10}\n"
        ROUND("r3", "r9", "r10")
        ROUND("r4", "r9", "r10")
        ROUND("r5", "r9", "r10")
        ROUND("r7", "r9", "r10")
        ".irp i, 0, 1, 2, 3, 4, 5, 6, 7\n"
        "ssat r\\i, #8, r\\i\n"
        ".endr\n"
#ifdef MOTES_DUAL_ISSUE
        ".irp i, 0, 1, 2, 3, 4, 5\n" /* those that are still to become bytes */
        "lsl r\\i, r\\i, #12\n"
        ".endr\n"
        "ldr lr, [sp]\n"
        "b.w 3b\n"
#else
        "b 6b\n"
#endif

        "20:\n" /* the rest of a run: lr is -3 for one byte, -2 for two, -1 for three */
        "cmn lr, #2\n"
        "blt 21f\n"
        "ldrh r4, [r0]\n"
        "ldrh r5, [r1]\n"
        "ldrh r6, [r2]\n"
        "ldrh r7, [r3]\n"
        "bgt 24f\n"
        "orr r4, r4, r4, lsl #8\n" /* the second becomes byte 2 */
        "orr r5, r5, r5, lsl #8\n"
        "orr r6, r6, r6, lsl #8\n"
        "orr r7, r7, r7, lsl #8\n"
        "b 22f\n"
        "21:\n"
        "ldrb r4, [r0]\n"
        "ldrb r5, [r1]\n"
        "ldrb r6, [r2]\n"
        "ldrb r7, [r3]\n"
        "22:\n"
        FOURS_EVEN
        "b 16b\n"
        "24:\n"
        "ldrb r8, [r0, #2]\n"
        "ldrb r9, [r1, #2]\n"
        "ldrb r10, [r2, #2]\n"
        "ldrb lr, [r3, #2]\n"
        "orr r4, r4, r8, lsl #16\n"
        "orr r5, r5, r9, lsl #16\n"
        "orr r6, r6, r10, lsl #16\n"
        "orr r7, r7, lr, lsl #16\n"
        "mov lr, #-1\n"
        "b 14b\n"
        "23:\n" /* the next row */
        "ldr r9, [sp, #72]\n"
        "add r0, r0, r9\n"
        "add r1, r1, r9\n"
        "add r2, r2, r9\n"
        "add r3, r3, r9\n"
        "b 11b\n"

        "30:\n" /* a block of one pixel: the first sums, which are 257 times its own */
        "ldr lr, [sp, #32]\n"
        "ldr r10, [sp, #4]\n"
        "ldr r7, [sp, #24]\n"
        "ldr r0, [r12], #4\n"
        "ldr r3, [r12], #4\n"
        "add r7, r7, #3\n" /* steps to skip of four: there is no first one here */
        "and r7, r7, #3\n"
        "tbb [pc, r7]\n"
        "31:\n"
        ".byte (32f - 31b) / 2, (32f - 31b) / 2 + 12, (32f - 31b) / 2 + 24, (32f - 31b) / 2 + 36\n"
        "32:\n"
        ".rept 4\n"
        "ldr r6, [lr], #12\n"
        "ldr r9, [r12], #4\n"
        "sxtb16 r11, r9\n"
        "sxtb16 r9, r9, ror #8\n"
        "smlad r0, r6, r11, r0\n"
        "smlad r3, r6, r9, r3\n"
        ".endr\n"
        "cmp lr, r10\n"
        "blo 32b\n"
        "movw r6, #0x0100\n" /* 256 / 257 modulo 2^32 */
        "movt r6, #0x00ff\n"
        "mul r0, r6, r0\n"
        "mul r3, r6, r3\n"
        "ldr r7, [sp, #28]\n"
        "cmp r7, #0\n"
        "beq 33f\n"
        "ldm r12!, {r8-r10}\n"
        "ldr r11, [sp, #16]\n"
        "uxtah r11, r11, r10\n"
        "sxtah r10, r11, r10, ror #16\n"
        "smmla r0, r0, r8, r11\n"
        "smmla r3, r3, r9, r10\n"
        "asr r0, r0, r7\n"
        "asr r3, r3, r7\n"
        "b 34f\n"
        "33:\n"
        "ldm r12!, {r8-r10}\n"
        ROUND("r0", "r9", "r10")
        "ldm r12!, {r8-r10}\n"
        ROUND("r3", "r9", "r10")
        "34:\n"
        "ssat r0, #8, r0\n"
        "ssat r3, #8, r3\n"
        "ldr r8, [sp]\n"
        "ldr lr, [sp, #20]\n"
        "strb r0, [r8], #1\n"
        "cmp r12, lr\n"
        "bhi.w 8b\n"
        "strb r3, [r8], #1\n"
        "str r8, [sp]\n"
        "bne 30b\n"
        "b 8b\n");
}

#undef STEP
#undef ROUND
#undef OFFSETS
/* clang-format on */
#pragma GCC diagnostic pop

#endif
