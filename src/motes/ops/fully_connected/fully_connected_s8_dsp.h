/* fully_connected_s8_dsp.h: y = weights * x + bias for Cortex-M4, eight outputs at a time.

   As fully_connected_s8.h. All fourteen registers are taken: eight sums, two pointers, four words.
   A word of weights serves two outputs: each halfword is 256 * w0 + w1. SMLAD with the word sums
   256 * s0 + s1, SMLAD with SXTB16 of it sums s1 alone; the difference is 256 * s0, exact modulo
   2^32.

   x is expanded to int16 in scratch first, at 1.6 cycles a value: four values then take ten loads
   in three groups (13 cycles) and 24 instructions for 32 MACs, 1.16 cycles/MAC. A block of eight
   outputs adds about 70 cycles, 90 where it rounds as TFLM does.

   stream: for each block of eight outputs
       8 words               starts: 256 * b0 + b1, b1, 256 * b2 + b3, b3, ...
       8 words a word of x   four pairs of outputs for bytes 0 and 2, then for bytes 1 and 3
       rescaling             of each output, where the way to rescale is one of those
   An output is, by way, `rescale` being that of all or the stream having that of each:
        0, 2 (all), 3 (each)  ((256 * sum * multiplier >> 32) + offset) >> 9,
                              of (multiplier, offset); 0 where no word is to be skipped
        1 (all)               ((256 * sum * multiplier >> 32) + offset - (sum < 0 ? less : 0)) >>
   12, of (multiplier, offset, less), where no word is to be skipped 3 (all), 4 (each)     (high -
   (high < 0) + offset) >> right, of (multiplier, offset, right), with high = round(sum * multiplier
   / 2^31): TFLM's own. Where high is 0, the sign of sum serves as well: what it changes is shifted
   out The others are proven by step.py. Where depth is no multiple of 4, weights of zero meet the
   bytes behind x in its last word.

   scratch: 8 * words bytes. It may begin where the only row of x does: x is expanded from its end.
*/
#ifndef MOTES_FULLY_CONNECTED_S8_DSP_H
#define MOTES_FULLY_CONNECTED_S8_DSP_H

#include "dense_s8_dsp.h"

typedef struct {
    int32_t words;          /* of x in a row */
    int32_t way;            /* to rescale */
    int32_t skipped;        /* words of the unrolled loop at first */
    const int32_t *rescale; /* of all outputs: three words */
    int32_t rows, depth, units;
    int32_t block; /* words of a block of the stream */
    const int32_t *stream;
    int32_t low, high;
} fully_connected_s8_dsp_params;
/* Assembly reads the first four. */
MOTES_STATIC_ASSERT(offsetof(fully_connected_s8_dsp_params, rows) == 12 + sizeof(void *),
                    "in order");

/* clang-format off */

/* Starts of a block; outputs to y: "ne" where more are to come. */
#define DENSE_START "ldm r12!, {r0-r7}\n vmov lr, s0\n"
#define DENSE_STORE \
    "vmov r8, s2\n vmov r9, s3\n" \
    ".irp i, 1, 2, 3, 4, 5, 6, 7\n strb r\\i, [r8, #\\i]\n .endr\n" \
    "strb r0, [r8], #8\n vmov s2, r8\n cmp r8, r9\n"
#define DENSE_ALL ".irp i, 0, 1, 2, 3, 4, 5, 6, 7\n"
/* An output; one that follows is rescaled meanwhile. */
#define DENSE_OUTPUT(i, next) \
    "ssat r" i ", #8, r" i ", asr #9\n smmla r" next ", r" next ", r8, r9\n"
#define DENSE_EVEN ".irp i, 0, 2, 4, 6\n"
#define DENSE_ODD ".irp i, 1, 3, 5, 7\n"

/* Outputs y .. y_end - 1, a multiple of eight. s0 x, s1 where it ends less the way, s2 y, s3 y_end, s4 skipped, s8-s10
   rescaling of all; r0-r7 sums, r12 stream, lr x. From label 5 on: signed; proven, with words to skip or one by one;
   TFLM's own, of doubled sums. */
#define DENSE_BLOCKS \
    "push {r4-r11, lr}\n" \
    "ldr r4, [sp, #36]\n" \
    "vmov s0, r0\n mov r12, r1\n vmov s2, r2\n vmov s3, r3\n" \
    "ldm r4, {r4-r7}\n" \
    "add r0, r0, r4, lsl #3\n sub r0, r5\n vmov s1, r0\n vmov s4, r6\n vldmia r7, {s8-s10}\n" \
    "1:\n" DENSE_START \
    "vmov " DENSE_INDEX ", s4\n" \
    DENSE_AHEAD \
    "tbh [pc, " DENSE_INDEX ", lsl #1]\n" \
    "9:\n" \
    ".set skip, 0\n .rept dense_unrolled\n .hword (2f - 9b + 136 * skip) / 2\n .set skip, skip + 1\n .endr\n" \
    "11:\n" \
    DENSE_AHEAD \
    "2:\n" \
    DENSE_ROUND("dense_unrolled") \
    "vmov r8, s1\n" \
    "cmp lr, r8\n" \
    "blo.w 11b\n" \
    "sub r0, r1\n sub r2, r3\n sub r4, r5\n sub r6, r7\n" \
    "bne.w 5f\n" \
    DENSE_ODD "lsl r\\i, #8\n .endr\n" \
    "vmov r8, s8\n vmov r9, s9\n" \
    ".irp i, 0, 1, 2\n smmla r\\i, r\\i, r8, r9\n .endr\n" \
    DENSE_OUTPUT("0", "3") DENSE_OUTPUT("1", "4") DENSE_OUTPUT("2", "5") DENSE_OUTPUT("3", "6") DENSE_OUTPUT("4", "7") \
    ".irp i, 5, 6, 7\n ssat r\\i, #8, r\\i, asr #9\n .endr\n" \
    DENSE_STORE \
    "beq 4f\n" \
    "3:\n" DENSE_START \
    "b.w 11b\n" \
    "4:\n pop {r4-r11, pc}\n" \
    "5:\n" \
    "sub r8, lr, r8\n cmp r8, #1\n bne 6f\n" \
    DENSE_ODD "lsl r\\i, #8\n .endr\n" \
    "vmov r8, s8\n vmov r9, s9\n vmov r10, s10\n" \
    DENSE_ALL "and r11, r10, r\\i, asr #31\n smmla r\\i, r\\i, r8, r9\n sub r\\i, r11\n ssat r\\i, #8, r\\i, asr #12\n .endr\n" \
    DENSE_STORE \
    "bne 3b\n pop {r4-r11, pc}\n" \
    "6:\n" \
    "cmp r8, #3\n bhi 7f\n" \
    DENSE_ODD "lsl r\\i, #8\n .endr\n" \
    "beq 9f\n" \
    "vmov r8, s8\n vmov r9, s9\n" \
    DENSE_ALL "smmla r\\i, r\\i, r8, r9\n .endr\n" \
    "10:\n" \
    DENSE_ALL "ssat r\\i, #8, r\\i, asr #9\n .endr\n" \
    "b 8f\n" \
    "9:\n" \
    "ldm r12!, {r8-r11}\n smmla r0, r0, r8, r9\n smmla r1, r1, r10, r11\n" \
    "ldm r12!, {r8-r11}\n smmla r2, r2, r8, r9\n smmla r3, r3, r10, r11\n" \
    "ldm r12!, {r8-r11}\n smmla r4, r4, r8, r9\n smmla r5, r5, r10, r11\n" \
    "ldm r12!, {r8-r11}\n smmla r6, r6, r8, r9\n smmla r7, r7, r10, r11\n" \
    "b 10b\n" \
    "7:\n" \
    "cmp r8, #5\n" \
    DENSE_EVEN "asr r\\i, #7\n .endr\n" DENSE_ODD "lsl r\\i, #1\n .endr\n" \
    "vmov r8, s8\n vmov r9, s9\n vmov r10, s10\n" \
    DENSE_ALL "it eq\n ldmeq r12!, {r8-r10}\n" \
    "smmlar r11, r\\i, r8, r9\n sub r\\i, r11, r\\i, lsr #31\n asr r\\i, r10\n ssat r\\i, #8, r\\i\n .endr\n" \
    "8:\n" DENSE_STORE \
    "bne.w 1b\n pop {r4-r11, pc}\n"
/* clang-format on */

typedef void fully_connected_s8_dsp_blocks(const uint32_t *x, const int32_t *stream, int8_t *y,
                                           const int8_t *y_end,
                                           const fully_connected_s8_dsp_params *p);

MOTES_INLINE void fully_connected_s8_dsp(const fully_connected_s8_dsp_params *p, const int8_t *x,
                                         int8_t *y, void *scratch,
                                         fully_connected_s8_dsp_blocks *blocks) {
    const uint32_t rest = (uint32_t)p->units % 8, whole = (uint32_t)p->units - rest;
    uint32_t *const expanded = (uint32_t *)scratch;
    const uint32_t words = (uint32_t)p->words;
    for (int32_t row = p->rows; row > 0; row--, x += p->depth, y += p->units) {
        dense_expand_s8_dsp(x + 4 * words, expanded + 2 * words, words);
        if (whole)
            blocks(expanded, p->stream, y, y + whole, p);
        if (rest) {
            int8_t last[8];
            const int32_t *const stream = p->stream + whole / 8 * (uint32_t)p->block;
            blocks(expanded, stream, last, last + 8, p);
            for (uint32_t i = 0; i < rest; i++)
                y[whole + i] = last[i];
        }
        if (p->low > -128 || p->high < 127)
            for (int32_t i = 0; i < p->units; i++)
                y[i] = (int8_t)motes_clamp(y[i], p->low, p->high);
    }
}

/* clang-format off */
/* The function `name`, with so many words of x in its unrolled loop. */
#define fully_connected_s8_dsp_COPY(name, unrolled) \
    MOTES_ASSEMBLY void name##_blocks(const uint32_t *x MOTES_UNUSED, const int32_t *stream MOTES_UNUSED, \
                                      int8_t *y MOTES_UNUSED, const int8_t *y_end MOTES_UNUSED, \
                                      const fully_connected_s8_dsp_params *p MOTES_UNUSED) { \
        __asm__ volatile(".set dense_unrolled, " #unrolled "\n" DENSE_BLOCKS); \
    } \
    static MOTES_NOINLINE MOTES_FLATTEN void name(const fully_connected_s8_dsp_params *p, const int8_t *x, int8_t *y, \
                                                  void *scratch) { \
        fully_connected_s8_dsp(p, x, y, scratch, name##_blocks); \
    }
/* clang-format on */

#endif
