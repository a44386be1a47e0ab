/* fully_connected_rounds_s8.h: y = weights * x + bias, rescaled, in a loop whose rounds have scales
   of their own.

   x is (rows, depth), weights (units, depth), y (rows, units). What a table would hold for each
   unit of each round is computed from one number of the unit and one of the round: multipliers and
   shifts from the scale of the weights and the ratio of input scale to output scale, biases from
   their real value and the reciprocal of the input scale. Where that is one off, `fixes` says so.
 */
#ifndef MOTES_FULLY_CONNECTED_ROUNDS_S8_H
#define MOTES_FULLY_CONNECTED_ROUNDS_S8_H

#include "requantize.h"

typedef struct {
    int32_t rows, depth, units;
    const int8_t *weights;
    const int32_t *weight_sum; /* of each unit */
    /* Of each unit; times bias_factor / 2^bias_shift it is in steps. */
    const int32_t *bias;
    /* Scale of the weights of each unit, times 2^(24 - exponent): 24 bits, or 0. */
    const uint32_t *scale;
    const int8_t *exponent;
    int32_t step; /* 1: a scale for each unit; 0: one for all */
    /* Ratio of scales, times 2^(64 - ratio_exponent): 64 bits. */
    uint32_t ratio_high, ratio_low;
    int32_t ratio_exponent;
    uint32_t bias_factor;
    int32_t bias_shift;
    /* Of all rounds: 2 * unit, and 1 where the bias is one more, not less. */
    const uint16_t *fixes;
    int32_t fix_start, fix_end;
    int32_t x_zero, zero_point, low, high;
} fully_connected_rounds_s8_params;

/* What the sum of a unit begins with; `fix` is the next one. */
MOTES_INLINE uint32_t fully_connected_rounds_s8_start(const fully_connected_rounds_s8_params *p,
                                                      int32_t unit, int32_t *fix) {
    const int64_t half = ((int64_t)1 << p->bias_shift) >> 1;
    const int64_t bias = ((int64_t)p->bias[unit] * p->bias_factor + half) >> p->bias_shift;
    uint32_t sum = (uint32_t)bias - (uint32_t)p->x_zero * (uint32_t)p->weight_sum[unit];
    if (*fix < p->fix_end && p->fixes[*fix] >> 1 == unit)
        sum += (p->fixes[(*fix)++] & 1) ? 1u : UINT32_MAX;
    return sum;
}

MOTES_INLINE int8_t fully_connected_rounds_s8_output(const fully_connected_rounds_s8_params *p,
                                                     int32_t unit, uint32_t sum) {
    const uint32_t scale = p->scale[unit * p->step];
    uint64_t real = (uint64_t)scale * p->ratio_high + ((uint64_t)scale * p->ratio_low >> 32);
    int32_t shift = p->exponent[unit * p->step] + p->ratio_exponent;
    if (!(real >> 55)) { /* its 56 bits begin with 01; now with 1 */
        real <<= 1;
        shift--;
    }
    uint32_t multiplier = (uint32_t)((real + (1u << 24)) >> 25);
    if (multiplier >> 31) {
        multiplier >>= 1;
        shift++;
    }
    const int32_t scaled = motes_requantize((int32_t)sum, (int32_t)multiplier, shift);
    return (int8_t)motes_clamp(motes_add(scaled, p->zero_point), p->low, p->high);
}

static inline void fully_connected_rounds_s8(const fully_connected_rounds_s8_params *p,
                                             const int8_t *restrict x, int8_t *restrict y) {
    for (int32_t row = 0; row < p->rows; row++, x += p->depth) {
        const int8_t *w = p->weights;
        int32_t fix = p->fix_start;
        for (int32_t unit = 0; unit < p->units; unit++, w += p->depth) {
            uint32_t sum = fully_connected_rounds_s8_start(p, unit, &fix);
            for (int32_t i = 0; i < p->depth; i++)
                sum += (uint32_t)((int32_t)x[i] * w[i]);
            *y++ = fully_connected_rounds_s8_output(p, unit, sum);
        }
    }
}

#endif
