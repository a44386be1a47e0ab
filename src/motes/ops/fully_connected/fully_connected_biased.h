/* fully_connected_biased.h: fully connected layers whose weights and bias come as pointers. See
   fully_connected_computed_s8.h, fully_connected_s16.h and fully_connected_f32.h, whose parameters
   end in what the pointer to the bias takes the place of. */
#ifndef MOTES_FULLY_CONNECTED_BIASED_H
#define MOTES_FULLY_CONNECTED_BIASED_H

#include "fully_connected_computed_s8.h"
#include "fully_connected_f32.h"
#include "fully_connected_s16.h"

typedef fully_connected_computed_s8_params fully_connected_biased_s8_params;
typedef fully_connected_s16_params fully_connected_biased_s16_params;
typedef fully_connected_s16_params fully_connected_narrow_s16_params;
typedef fully_connected_f32_params fully_connected_biased_f32_params;

static inline void fully_connected_biased_s8(const fully_connected_biased_s8_params *p,
                                             const int8_t *restrict x,
                                             const int8_t *restrict weights,
                                             const int32_t *restrict bias, int8_t *restrict y) {
    fully_connected_biased_s8_params inner = *p;
    inner.bias = bias;
    fully_connected_computed_s8(&inner, x, weights, y);
}

static inline void fully_connected_biased_s16(const fully_connected_biased_s16_params *p,
                                              const int16_t *restrict x,
                                              const int8_t *restrict weights,
                                              const int64_t *restrict bias, int16_t *restrict y) {
    fully_connected_biased_s16_params inner = *p;
    inner.bias = bias;
    fully_connected_s16(&inner, x, weights, y);
}

/* The bias is one of 32 bits; scratch holds units numbers of 64. */
static inline void fully_connected_narrow_s16(const fully_connected_narrow_s16_params *p,
                                              const int16_t *restrict x,
                                              const int8_t *restrict weights,
                                              const int32_t *restrict bias, int16_t *restrict y,
                                              void *restrict scratch) {
    int64_t *wide = (int64_t *)scratch;
    for (int32_t unit = 0; unit < p->units; unit++)
        wide[unit] = bias[unit];
    fully_connected_biased_s16(p, x, weights, wide, y);
}

static inline void fully_connected_biased_f32(const fully_connected_biased_f32_params *p,
                                              const float *restrict x,
                                              const float *restrict weights,
                                              const float *restrict bias, float *restrict y) {
    fully_connected_biased_f32_params inner = *p;
    inner.bias = bias;
    fully_connected_f32(&inner, x, weights, y);
}

#endif
