/* fully_connected_fours_s8_dsp.h: y = weights * x + bias for Cortex-M4, four outputs at a time.

   As fully_connected_s8.h, whatever the sums, in a third of the code of fully_connected_s8_dsp.h. A
   halfword of weights serves two outputs: it is 256 * w0 + w1. SMLALD with it sums 256 * s0 + s1 in
   64 bits, SMLAD with SXTB16 of it sums s1 alone. Four values of x take five loads in a row (6
   cycles), two SXTB16 of x, and 12 instructions for 16 MACs: 1.34 cycles/MAC. What is left of the
   outputs takes 3.5 cycles/MAC.

   weights: for each block of four outputs and each word of x, two pairs of outputs for bytes 0 and
   2, then for bytes 1 and 3; behind the blocks, the rows of outputs that are left, as they are.
   Where depth is no multiple of 4, weights of zero meet the bytes behind x in its last word. */
#ifndef MOTES_FULLY_CONNECTED_FOURS_S8_DSP_H
#define MOTES_FULLY_CONNECTED_FOURS_S8_DSP_H

#include "requantize.h"
#include <arm_acle.h>

typedef struct {
    int32_t rows, depth, units;
    int32_t words;   /* of x in a row */
    int32_t blocked; /* units in blocks of four */
    const int32_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t step; /* 1: a multiplier and shift for each unit; 0: one for all */
    int32_t zero_point, low, high;
    int32_t rounded; /* whether twice a sum fits a word, and shifts are -1 or less */
} fully_connected_fours_s8_dsp_params;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* the assembly uses them */

/* clang-format off */
/* lo and hi are 256 * s0 + s1 of a pair, l is s1. w is lost. */
#define MAC(x, w, lo, hi, l) \
    "smlald " lo ", " hi ", " x ", " w "\n\t" \
    "sxtb16 " w ", " w "\n\t" \
    "smlad " l ", " x ", " w ", " l "\n\t"
/* Four values of x by four outputs. */
#define FOUR \
    "ldr r8, [r6], #4\n\t" \
    "ldr r9, [r7], #4\n\t" \
    "ldr r10, [r7], #4\n\t" \
    "ldr r11, [r7], #4\n\t" \
    "ldr r12, [r7], #4\n\t" \
    "sxtb16 lr, r8, ror #8\n\t" \
    "sxtb16 r8, r8\n\t" \
    MAC("r8", "r9", "r0", "r1", "r2") MAC("r8", "r10", "r3", "r4", "r5") \
    MAC("lr", "r11", "r0", "r1", "r2") MAC("lr", "r12", "r3", "r4", "r5")
/* s0 to lo, modulo 2^32. */
#define SPLIT(lo, hi, l) \
    "subs " lo ", " lo ", " l "\n\t" \
    "sbc " hi ", " hi ", " l ", asr #31\n\t" \
    "lsr " lo ", " lo ", #8\n\t" \
    "orr " lo ", " lo ", " hi ", lsl #24\n\t"

/* Four sums over x .. end - 1, in rounds of 16 up to `rounds_end`. */
MOTES_ASSEMBLY void fully_connected_fours_s8_dsp_block(const int8_t *x, const int32_t *weights,
                                                      int32_t *sums, const int8_t *rounds_end,
                                                      const int8_t *end) {
    /* Stack: 0 sums, 4 rounds_end, nine registers, 44 end. */
    __asm__ volatile(
        "push {r2-r11, lr}\n\t"
        "mov r6, r0\n\t"
        "mov r7, r1\n\t"
        "movs r0, #0\n\t"
        "movs r1, #0\n\t"
        "movs r2, #0\n\t"
        "movs r3, #0\n\t"
        "movs r4, #0\n\t"
        "movs r5, #0\n\t"
        "b 2f\n"
        "1:\n\t"
        FOUR FOUR FOUR FOUR
        "2:\n\t"
        "ldr r8, [sp, #4]\n\t"
        "cmp r6, r8\n\t"
        "bne.w 1b\n\t"
        "b 4f\n"
        "3:\n\t"
        FOUR
        "4:\n\t"
        "ldr r8, [sp, #44]\n\t"
        "cmp r6, r8\n\t"
        "bne 3b\n\t"
        SPLIT("r0", "r1", "r2") SPLIT("r3", "r4", "r5")
        "ldr r8, [sp]\n\t"
        "stm r8, {r0, r2, r3, r5}\n\t"
        "add sp, #8\n\t"
        "pop {r4-r11, pc}\n");
}
/* clang-format on */

#undef MAC
#undef FOUR
#undef SPLIT
#pragma GCC diagnostic pop

/* Bytes 0 and 2, and bytes 1 and 3. */
MOTES_INLINE int16x2_t fully_connected_fours_s8_dsp_even(uint32_t x) {
    return __sxtb16((int8x4_t)x);
}
MOTES_INLINE int16x2_t fully_connected_fours_s8_dsp_odd(uint32_t x) {
    return __sxtb16((int8x4_t)(x >> 8 | x << 24));
}

/* The sum of unit `k` as its output. */
MOTES_INLINE int8_t fully_connected_fours_s8_dsp_output(
    const fully_connected_fours_s8_dsp_params *p, int32_t k, int32_t sum) {
    const int32_t own = k * p->step, biased = motes_add(sum, p->bias[k]);
    if (p->rounded) { /* both roundings of TFLM's: halves up, then away from zero */
        int32_t high = 2 * biased;
        __asm__("smmulr %0, %0, %1" : "+r"(high) : "r"(p->multiplier[own]));
        const int32_t right = -p->shift[own], half = (2 * p->zero_point + 1) * (1 << (right - 1));
        const int32_t out = (high + (high >> 31) + half) >> right;
        return (int8_t)motes_clamp(out, p->low, p->high);
    }
    const int32_t scaled = motes_requantize(biased, p->multiplier[own], p->shift[own]);
    return (int8_t)motes_clamp(motes_add(scaled, p->zero_point), p->low, p->high);
}

static inline void fully_connected_fours_s8_dsp(const fully_connected_fours_s8_dsp_params *p,
                                                const int8_t *restrict x, int8_t *restrict y) {
    for (int32_t row = 0; row < p->rows; row++, x += p->depth, y += p->units) {
        const int32_t *w = p->weights;
        const int8_t *rounds_end = x + p->words / 4 * 16, *end = x + 4 * p->words;
        for (int32_t k = 0; k < p->blocked; k += 4, w += 4 * p->words) {
            int32_t sums[4];
            fully_connected_fours_s8_dsp_block(x, w, sums, rounds_end, end);
            for (int32_t i = 0; i < 4; i++)
                y[k + i] = fully_connected_fours_s8_dsp_output(p, k + i, sums[i]);
        }
        for (int32_t k = p->blocked; k < p->units; k++) {
            int32_t sum = 0;
            for (const motes_word *from = (const motes_word *)x; from < (const motes_word *)end;) {
                const uint32_t a = *from++, b = (uint32_t)*w++;
                sum = __smlad(fully_connected_fours_s8_dsp_even(a),
                              fully_connected_fours_s8_dsp_even(b), sum);
                sum = __smlad(fully_connected_fours_s8_dsp_odd(a),
                              fully_connected_fours_s8_dsp_odd(b), sum);
            }
            y[k] = fully_connected_fours_s8_dsp_output(p, k, sum);
        }
    }
}

#endif
