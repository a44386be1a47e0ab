/* svdf_f32.h: SVDF in single precision, its sums in TFLM's order; shapes as in svdf_s8.h. Weights
   are floats, or int8 that a scale is for. */
#ifndef MOTES_SVDF_F32_H
#define MOTES_SVDF_F32_H

#include "motes.h"

typedef struct {
    int32_t batch, inputs, units, rank, memory;
    const void *feature, *time;
    float feature_scale, time_scale;
    const float *bias;
    float low, high;
} svdf_f32_params;

typedef svdf_f32_params svdf_hybrid_f32_params;

#define MOTES_SVDF_F32(name, W)                                                                    \
    static inline void name(const svdf_f32_params *p, const float *x, const float *old, float *y,  \
                            float *made) {                                                         \
        const int32_t last = p->memory - 1;                                                        \
        for (int32_t row = 0; row < p->batch; row++, x += p->inputs) {                             \
            const W *feature = (const W *)p->feature, *time = (const W *)p->time;                  \
            for (int32_t unit = 0; unit < p->units; unit++) {                                      \
                float sum = p->bias[unit];                                                         \
                for (int32_t r = 0; r < p->rank; r++) {                                            \
                    float value = 0.0f, filtered = 0.0f;                                           \
                    for (int32_t i = 0; i < p->inputs; i++)                                        \
                        value += (float)*feature++ * x[i];                                         \
                    for (int32_t m = 0; m < last; m++) {                                           \
                        made[m] = old[m + 1];                                                      \
                        filtered += (float)*time++ * made[m];                                      \
                    }                                                                              \
                    made[last] = value * p->feature_scale;                                         \
                    filtered += (float)*time++ * made[last];                                       \
                    sum += filtered * p->time_scale;                                               \
                    old += p->memory, made += p->memory;                                           \
                }                                                                                  \
                *y++ = motes_clamp_f32(sum, p->low, p->high);                                      \
            }                                                                                      \
        }                                                                                          \
    }

MOTES_SVDF_F32(svdf_f32, float)
MOTES_SVDF_F32(svdf_hybrid_f32, int8_t)

#endif
