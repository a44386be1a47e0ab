/* conv_computed.h: two-dimensional convolution with weights that are computed, and a bias that may
   be: both come as pointers. See conv_s8.h, conv_s16.h and conv_f32.h. */
#ifndef MOTES_CONV_COMPUTED_H
#define MOTES_CONV_COMPUTED_H

#include "computed_filter.h"
#include "conv_f32.h"
#include "conv_s16.h"
#include "conv_s8.h"

typedef conv_s8_params conv_computed_s8_params;
MOTES_COMPUTED_FILTER(conv_computed_s8, conv_s8,
                      (const conv_computed_s8_params *p, const int8_t *restrict x,
                       const int8_t *restrict w, int8_t *restrict y))

typedef conv_s8_params conv_biased_s8_params;
MOTES_BIASED_FILTER(conv_biased_s8, conv_s8,
                    (const conv_biased_s8_params *p, const int8_t *restrict x,
                     const int8_t *restrict w, const int32_t *restrict bias, int8_t *restrict y))

typedef conv_s16_params conv_computed_s16_params;
MOTES_COMPUTED_FILTER(conv_computed_s16, conv_s16,
                      (const conv_computed_s16_params *p, const int16_t *restrict x,
                       const int8_t *restrict w, int16_t *restrict y))

typedef conv_s16_params conv_biased_s16_params;
MOTES_BIASED_FILTER(conv_biased_s16, conv_s16,
                    (const conv_biased_s16_params *p, const int16_t *restrict x,
                     const int8_t *restrict w, const int64_t *restrict bias, int16_t *restrict y))

typedef conv_f32_params conv_computed_f32_params;
MOTES_COMPUTED_FILTER(conv_computed_f32, conv_f32,
                      (const conv_computed_f32_params *p, const float *restrict x,
                       const float *restrict w, float *restrict y))

typedef conv_f32_params conv_biased_f32_params;
MOTES_BIASED_FILTER(conv_biased_f32, conv_f32,
                    (const conv_biased_f32_params *p, const float *restrict x,
                     const float *restrict w, const float *restrict bias, float *restrict y))

typedef conv_s16_params conv_narrow_s16_params;

/* The bias is one of 32 bits; scratch holds out_ch numbers of 64. */
static inline void conv_narrow_s16(const conv_narrow_s16_params *p, const int16_t *restrict x,
                                   const int8_t *restrict w, const int32_t *restrict bias,
                                   int16_t *restrict y, void *restrict scratch) {
    int64_t *wide = (int64_t *)scratch;
    for (int32_t c = 0; c < p->out_ch; c++)
        wide[c] = bias[c];
    conv_biased_s16(p, x, w, wide, y);
}

#endif
