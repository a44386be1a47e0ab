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
    const int32_t *bias;       /* of each unit; times bias_factor / 2^bias_shift it is in steps */
    const uint32_t *scale; /* of the weights of each unit, times 2^(24 - exponent): 24 bits or 0 */
    const int8_t *exponent;
    int32_t step;                   /* 1: a scale for each unit; 0: one for all */
    uint32_t ratio_high, ratio_low; /* ratio of scales, times 2^(64 - ratio_exponent): 64 bits */
    int32_t ratio_exponent;
    uint32_t bias_factor;
    int32_t bias_shift;
    const uint16_t *fixes; /* of all rounds: 2 * unit, and 1 where the bias is one more, not less */
    int32_t fix_start, fix_end;
    int32_t x_zero, zero_point, low, high;
} fully_connected_rounds_s8_params;

static inline void fully_connected_rounds_s8(const fully_connected_rounds_s8_params *p,
                                             const int8_t *restrict x, int8_t *restrict y) {
    const int64_t half = ((int64_t)1 << p->bias_shift) >> 1;
    for (int32_t row = 0; row < p->rows; row++, x += p->depth) {
        const int8_t *w = p->weights;
        int32_t fix = p->fix_start;
        for (int32_t unit = 0; unit < p->units; unit++, w += p->depth) {
            const int64_t bias = (int64_t)p->bias[unit] * p->bias_factor + half;
            uint32_t sum = (uint32_t)(uint64_t)(bias >> p->bias_shift);
            if (fix < p->fix_end && p->fixes[fix] >> 1 == unit)
                sum += (p->fixes[fix++] & 1) ? 1u : UINT32_MAX;
            sum -= (uint32_t)p->x_zero * (uint32_t)p->weight_sum[unit];
            for (int32_t i = 0; i < p->depth; i++)
                sum += (uint32_t)((int32_t)x[i] * w[i]);

            const uint64_t scale = p->scale[unit * p->step];
            const uint64_t real = scale * p->ratio_high + (scale * p->ratio_low >> 32);
            const uint32_t large = (uint32_t)(real >> 55); /* its 56 bits begin with 01 or 1 */
            uint32_t multiplier =
                (uint32_t)((real + ((uint64_t)1 << (23 + large))) >> (24 + large));
            int32_t shift = p->exponent[unit * p->step] + p->ratio_exponent - 1 + (int32_t)large;
            if (multiplier >> 31) {
                multiplier >>= 1;
                shift++;
            }
            const int32_t scaled = motes_requantize((int32_t)sum, (int32_t)multiplier, shift);
            *y++ = (int8_t)motes_clamp(motes_add(scaled, p->zero_point), p->low, p->high);
        }
    }
}

#endif
