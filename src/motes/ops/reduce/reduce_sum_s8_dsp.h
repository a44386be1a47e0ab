/* reduce_sum_s8_dsp.h: as reduce_sum_s8 in reduce.h, four outputs at a time, for Cortex-M4.

   The innermost kept loop runs over neighbours, in fours. SXTAB16 adds bytes 0 and 2 of a word to
   two 16-bit sums, and after a rotation bytes 1 and 3: 256 elements cannot overflow them. */
#ifndef MOTES_REDUCE_SUM_S8_DSP_H
#define MOTES_REDUCE_SUM_S8_DSP_H

#include "reduce.h"
#include <arm_acle.h>

typedef reduce_scaled_params reduce_sum_s8_dsp_params;

/* The four outputs of x and its neighbours. */
static inline void motes_reduce_four(const reduce_sum_s8_dsp_params *p, const int8_t *x,
                                     int8_t *y) {
    int32_t even = 0, odd = 0;
    for (int32_t i = 0; i < p->reduced0; i++)
        for (int32_t j = 0; j < p->reduced1; j++) {
            const int8_t *u = x + i * p->reduced_step0 + j * p->reduced_step1;
            for (int32_t k = 0; k < p->reduced2; k++, u += p->reduced_step2) {
                const uint32_t four = *(const motes_word *)u;
                even = (int32_t)__sxtab16(even, (int32_t)four);
                odd = (int32_t)__sxtab16(odd, (int32_t)(four >> 8 | four << 24));
            }
        }
    y[0] = (int8_t)MOTES_REDUCE_SCALED_S8(p, (uint32_t)(int16_t)even);
    y[1] = (int8_t)MOTES_REDUCE_SCALED_S8(p, (uint32_t)(int16_t)odd);
    y[2] = (int8_t)MOTES_REDUCE_SCALED_S8(p, (uint32_t)(even >> 16));
    y[3] = (int8_t)MOTES_REDUCE_SCALED_S8(p, (uint32_t)(odd >> 16));
}

static inline void reduce_sum_s8_dsp(const reduce_sum_s8_dsp_params *p, const int8_t *restrict x,
                                     int8_t *restrict y) {
    for (int32_t i = 0; i < p->kept0; i++)
        for (int32_t j = 0; j < p->kept1; j++)
            for (int32_t k = 0; k < p->kept2; k += 4, y += 4)
                motes_reduce_four(p, x + i * p->kept_step0 + j * p->kept_step1 + k, y);
}

#endif
