/* svdf_f32.h: SVDF in single precision, its sums in TFLM's order; shapes as in svdf_s8.h. */
#ifndef MOTES_SVDF_F32_H
#define MOTES_SVDF_F32_H

#include "motes.h"

typedef struct {
    int32_t batch, inputs, units, rank, memory;
    const float *feature, *time, *bias;
    float low, high;
} svdf_f32_params;

static inline void svdf_f32(const svdf_f32_params *p, const float *x, const float *old, float *y,
                            float *made) {
    const int32_t last = p->memory - 1;
    for (int32_t row = 0; row < p->batch; row++, x += p->inputs) {
        const float *feature = p->feature, *time = p->time;
        for (int32_t unit = 0; unit < p->units; unit++) {
            float sum = p->bias[unit];
            for (int32_t r = 0; r < p->rank; r++) {
                float value = 0.0f, filtered = 0.0f;
                for (int32_t i = 0; i < p->inputs; i++)
                    value += *feature++ * x[i];
                for (int32_t m = 0; m < last; m++) {
                    made[m] = old[m + 1];
                    filtered += *time++ * made[m];
                }
                made[last] = value;
                filtered += *time++ * value;
                sum += filtered;
                old += p->memory, made += p->memory;
            }
            *y++ = motes_clamp_f32(sum, p->low, p->high);
        }
    }
}

#endif
