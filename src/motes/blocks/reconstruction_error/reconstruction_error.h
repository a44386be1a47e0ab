/* reconstruction_error.h: mean of the squared differences of x, quantized or not, and z, quantized.
   One result. Summed in order. */
#ifndef MOTES_RECONSTRUCTION_ERROR_H
#define MOTES_RECONSTRUCTION_ERROR_H

#include "motes.h"

typedef struct {
    int32_t elements;
    float x_scale, z_scale;
    int32_t x_zero, z_zero;
} reconstruction_error_s8_params;

typedef struct {
    int32_t elements;
    float z_scale;
    int32_t z_zero;
} reconstruction_error_f32_params;

static inline void reconstruction_error_s8(const reconstruction_error_s8_params *p, const int8_t *x,
                                           const int8_t *z, float *y) {
    float sum = 0.0f;
    for (int32_t i = 0; i < p->elements; i++) {
        const float d =
            p->x_scale * (float)(x[i] - p->x_zero) - p->z_scale * (float)(z[i] - p->z_zero);
        sum += d * d;
    }
    *y = sum / (float)p->elements;
}

static inline void reconstruction_error_f32(const reconstruction_error_f32_params *p,
                                            const float *x, const int8_t *z, float *y) {
    float sum = 0.0f;
    for (int32_t i = 0; i < p->elements; i++) {
        const float d = x[i] - p->z_scale * (float)(z[i] - p->z_zero);
        sum += d * d;
    }
    *y = sum / (float)p->elements;
}

#endif
