/* svdf_s8.h: SVDF of int8, its memory and weights of time in int8 or in int16.

   x is (batch, inputs), feature (filters, inputs), time (filters, memory), old and made are
   (batch, filters, memory), y is (batch, units), filters being units * rank. Each filter forgets
   its oldest value, and gets a new one: feature * x. A unit's output is its bias and the sum over
   its filters of time * memory. `made` may be `old`. Sums wrap modulo 2^32, as TFLM's do, and a
   value wraps where its zero point is added behind the clamp. */
#ifndef MOTES_SVDF_S8_H
#define MOTES_SVDF_S8_H

#include "requantize.h"

typedef struct {
    int32_t batch, inputs, units, rank, memory;
    const int8_t *feature;
    const int32_t *offset; /* of each filter: minus the zero point of x times the sum of feature */
    const void *time;
    const int32_t *bias;
    int32_t state_multiplier, state_shift, state_zero;
    int32_t multiplier, shift, zero_point;
} svdf_params;

typedef svdf_params svdf_s8_params;
typedef svdf_params svdf_s8_s16_params;

MOTES_INLINE int32_t svdf_feature(const svdf_params *p, const int8_t *x, const int8_t *w,
                                  int32_t filter) {
    uint32_t sum = (uint32_t)p->offset[filter];
    for (int32_t i = 0; i < p->inputs; i++)
        sum += (uint32_t)((int32_t)x[i] * w[i]);
    return motes_requantize((int32_t)sum, p->state_multiplier, p->state_shift);
}

#define MOTES_SVDF(name, STATE, low, high)                                                         \
    static inline void name(const svdf_params *p, const int8_t *x, const STATE *old, int8_t *y,    \
                            STATE *made) {                                                         \
        const int32_t last = p->memory - 1;                                                        \
        for (int32_t row = 0; row < p->batch; row++, x += p->inputs) {                             \
            const int8_t *feature = p->feature;                                                    \
            const STATE *time = (const STATE *)p->time;                                            \
            int32_t filter = 0;                                                                    \
            for (int32_t unit = 0; unit < p->units; unit++) {                                      \
                uint32_t sum = (uint32_t)p->bias[unit];                                            \
                for (int32_t r = 0; r < p->rank; r++, filter++) {                                  \
                    const int32_t value = svdf_feature(p, x, feature, filter);                     \
                    for (int32_t m = 0; m < last; m++) {                                           \
                        made[m] = old[m + 1];                                                      \
                        sum += (uint32_t)time[m] * (uint32_t)(made[m] - p->state_zero);            \
                    }                                                                              \
                    made[last] = (STATE)(motes_clamp(value, low, high) + p->state_zero);           \
                    sum += (uint32_t)time[last] * (uint32_t)(made[last] - p->state_zero);          \
                    feature += p->inputs, time += p->memory;                                       \
                    old += p->memory, made += p->memory;                                           \
                }                                                                                  \
                const int32_t scaled = motes_requantize((int32_t)sum, p->multiplier, p->shift);    \
                *y++ = (int8_t)motes_clamp(motes_add(scaled, p->zero_point), -128, 127);           \
            }                                                                                      \
        }                                                                                          \
    }

MOTES_SVDF(svdf_s8, int8_t, -128, 127)
MOTES_SVDF(svdf_s8_s16, int16_t, -32768, 32767)

#endif
