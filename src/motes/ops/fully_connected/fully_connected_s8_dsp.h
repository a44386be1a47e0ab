/* fully_connected_s8_dsp.h: y = weights * x + bias for Cortex-M4, eight outputs at a time.

   As fully_connected_s8.h. All fourteen registers are taken: eight sums, two pointers, four words.
   A word of weights serves two outputs: each halfword is 256 * w0 + w1. SMLAD with the word sums
   256 * s0 + s1, SMLAD with SXTB16 of it sums s1 alone; the difference is 256 * s0, exact modulo
   2^32. Four values of x take nine loads in four groups (13 cycles), two SXTB16 of x, and 24
   instructions for 32 MACs: 1.22 cycles/MAC. A block of eight outputs adds about 75 cycles.

   stream: for each block of eight outputs
       8 words               starts: 256 * b0 + b1, b1, 256 * b2 + b3, b3, ...
       8 words a word of x   four pairs of outputs for bytes 0 and 2, then for bytes 1 and 3
       24 words              if per_unit: (multiplier, offset, right) an output
   An output is clamp((h - (h < 0) + offset) >> right) with h = round(sum * multiplier / 2^31):
   TFLM's two roundings, since offset is half of 2^right plus the zero point. Where depth is no
   multiple of 4, weights of zero meet the bytes behind x in its last word. */
#ifndef MOTES_FULLY_CONNECTED_S8_DSP_H
#define MOTES_FULLY_CONNECTED_S8_DSP_H

#include "motes.h"

typedef struct {
    int32_t rows, depth, units;
    int32_t words;    /* of x in a row */
    int32_t unrolled; /* how many of them the unrolled loop does */
    int32_t block;    /* words of a block of the stream */
    const int32_t *stream;
    const int32_t *rescale; /* multiplier, offset, right of all outputs, unless per_unit */
    int32_t per_unit;
    int32_t low, high;
} fully_connected_s8_dsp_params;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */

/* clang-format off */
/* h and l are the sums of a pair: 256 * s0 + s1, and s1. w is lost. */
#define MAC(x, w, h, l) \
    "smlad " h ", " x ", " w ", " h "\n\t" \
    "sxtb16 " w ", " w "\n\t" \
    "smlad " l ", " x ", " w ", " l "\n\t"
#define NEXT(w) "ldr " w ", [r12], #4\n\t"
/* Four values of x by eight outputs. */
#define FOUR \
    "ldr r8, [lr], #4\n\t" NEXT("r9") NEXT("r10") \
    "sxtb16 r11, r8\n\t" \
    MAC("r11", "r9", "r0", "r1") MAC("r11", "r10", "r2", "r3") \
    NEXT("r9") NEXT("r10") \
    MAC("r11", "r9", "r4", "r5") MAC("r11", "r10", "r6", "r7") \
    "sxtb16 r8, r8, ror #8\n\t" \
    NEXT("r9") NEXT("r10") NEXT("r11") \
    MAC("r8", "r9", "r0", "r1") MAC("r8", "r10", "r2", "r3") MAC("r8", "r11", "r4", "r5") \
    NEXT("r9") \
    MAC("r8", "r9", "r6", "r7")
/* A pair's sums, both doubled. */
#define SPLIT(h, l) \
    "sub " h ", " h ", " l "\n\t" \
    "asr " h ", " h ", #7\n\t" \
    "lsl " l ", " l ", #1\n\t"
/* A doubled sum to an output, by r8 (multiplier), r9 (offset), r10 (right). */
#define RESCALE(s) \
    "smmulr " s ", " s ", r8\n\t" \
    "add " s ", " s ", " s ", asr #31\n\t" \
    "add " s ", " s ", r9\n\t" \
    "asr " s ", " s ", r10\n\t" \
    "ssat " s ", #8, " s "\n\t"
#define OWN_RESCALE(s) "ldm r12!, {r8-r10}\n\t" RESCALE(s)

/* Outputs y .. y_end - 1, a multiple of eight; rescale: null if the stream has its own. */
MOTES_ASSEMBLY void fully_connected_s8_dsp_blocks(const int8_t *x, const int32_t *stream, int8_t *y,
                                                  const int8_t *y_end, const int8_t *unrolled_end,
                                                  const int8_t *x_end, const int32_t *rescale) {
    /* Stack: 0 x, 4 stream, 8 y, 12 y_end, nine registers, 52 unrolled_end, 56 x_end, 60 rescale. */
    __asm__ volatile(
        "push {r0-r11, lr}\n\t"
        "mov r12, r1\n"
        "1:\n\t"
        "ldm r12!, {r0-r7}\n\t"
        "ldr lr, [sp]\n\t"
        "ldr r8, [sp, #52]\n\t"
        "cmp lr, r8\n\t"
        "beq.w 3f\n"
        "2:\n\t"
        FOUR FOUR FOUR FOUR FOUR FOUR FOUR FOUR
        "ldr r8, [sp, #52]\n\t"
        "cmp lr, r8\n\t"
        "bne.w 2b\n"
        "3:\n\t"
        "ldr r8, [sp, #56]\n\t"
        "cmp lr, r8\n\t"
        "beq 4f\n\t"
        FOUR
        "b 3b\n"
        "4:\n\t"
        SPLIT("r0", "r1") SPLIT("r2", "r3") SPLIT("r4", "r5") SPLIT("r6", "r7")
        "ldr r11, [sp, #60]\n\t"
        "cmp r11, #0\n\t"
        "beq 6f\n\t"
        "ldm r11, {r8-r10}\n\t"
        RESCALE("r0") RESCALE("r1") RESCALE("r2") RESCALE("r3")
        RESCALE("r4") RESCALE("r5") RESCALE("r6") RESCALE("r7")
        "5:\n\t"
        "ldr r8, [sp, #8]\n\t"
        "ldr r9, [sp, #12]\n\t"
        "strb r1, [r8, #1]\n\t"
        "strb r2, [r8, #2]\n\t"
        "strb r3, [r8, #3]\n\t"
        "strb r4, [r8, #4]\n\t"
        "strb r5, [r8, #5]\n\t"
        "strb r6, [r8, #6]\n\t"
        "strb r7, [r8, #7]\n\t"
        "strb r0, [r8], #8\n\t"
        "str r8, [sp, #8]\n\t"
        "cmp r8, r9\n\t"
        "bne.w 1b\n\t"
        "add sp, #16\n\t"
        "pop {r4-r11, pc}\n"
        "6:\n\t"
        OWN_RESCALE("r0") OWN_RESCALE("r1") OWN_RESCALE("r2") OWN_RESCALE("r3")
        OWN_RESCALE("r4") OWN_RESCALE("r5") OWN_RESCALE("r6") OWN_RESCALE("r7")
        "b 5b\n");
}
/* clang-format on */

#undef MAC
#undef NEXT
#undef FOUR
#undef RESCALE
#undef OWN_RESCALE
#undef SPLIT
#pragma GCC diagnostic pop

static inline void fully_connected_s8_dsp(const fully_connected_s8_dsp_params *p,
                                          const int8_t *restrict x, int8_t *restrict y) {
    const int32_t rest = p->units % 8, whole = p->units - rest;
    const int32_t *rescale = p->per_unit ? (const int32_t *)0 : p->rescale;
    for (int32_t row = 0; row < p->rows; row++, x += p->depth, y += p->units) {
        const int8_t *unrolled_end = x + 4 * p->unrolled, *end = x + 4 * p->words;
        if (whole)
            fully_connected_s8_dsp_blocks(x, p->stream, y, y + whole, unrolled_end, end, rescale);
        if (rest) {
            int8_t last[8];
            fully_connected_s8_dsp_blocks(x, p->stream + whole / 8 * p->block, last, last + 8,
                                          unrolled_end, end, rescale);
            for (int32_t i = 0; i < rest; i++)
                y[whole + i] = last[i];
        }
        if (p->low > -128 || p->high < 127)
            for (int32_t i = 0; i < p->units; i++)
                y[i] = (int8_t)motes_clamp(y[i], p->low, p->high);
    }
}

#endif
