/* transpose_conv_computed.h: transposed convolution with weights that are computed, and a bias that
   may be: both come as pointers. See transpose_conv_s8.h, transpose_conv_s16.h and
   transpose_conv_f32.h. */
#ifndef MOTES_TRANSPOSE_CONV_COMPUTED_H
#define MOTES_TRANSPOSE_CONV_COMPUTED_H

#include "computed_filter.h"
#include "transpose_conv_f32.h"
#include "transpose_conv_s16.h"
#include "transpose_conv_s8.h"

typedef transpose_conv_s8_params transpose_conv_computed_s8_params;
MOTES_COMPUTED_FILTER(transpose_conv_computed_s8, transpose_conv_s8,
                      (const transpose_conv_computed_s8_params *p, const int8_t *restrict w,
                       const int8_t *restrict x, int8_t *restrict y))

typedef transpose_conv_s8_params transpose_conv_biased_s8_params;
MOTES_BIASED_FILTER(transpose_conv_biased_s8, transpose_conv_s8,
                    (const transpose_conv_biased_s8_params *p, const int8_t *restrict w,
                     const int8_t *restrict x, const int32_t *restrict bias, int8_t *restrict y))

typedef transpose_conv_s16_params transpose_conv_computed_s16_params;
MOTES_COMPUTED_FILTER(transpose_conv_computed_s16, transpose_conv_s16,
                      (const transpose_conv_computed_s16_params *p, const int8_t *restrict w,
                       const int16_t *restrict x, int16_t *restrict y))

typedef transpose_conv_s16_params transpose_conv_biased_s16_params;
MOTES_BIASED_FILTER(transpose_conv_biased_s16, transpose_conv_s16,
                    (const transpose_conv_biased_s16_params *p, const int8_t *restrict w,
                     const int16_t *restrict x, const int64_t *restrict bias, int16_t *restrict y))

typedef transpose_conv_f32_params transpose_conv_computed_f32_params;
MOTES_COMPUTED_FILTER(transpose_conv_computed_f32, transpose_conv_f32,
                      (const transpose_conv_computed_f32_params *p, const float *restrict w,
                       const float *restrict x, float *restrict y))

typedef transpose_conv_f32_params transpose_conv_biased_f32_params;
MOTES_BIASED_FILTER(transpose_conv_biased_f32, transpose_conv_f32,
                    (const transpose_conv_biased_f32_params *p, const float *restrict w,
                     const float *restrict x, const float *restrict bias, float *restrict y))

#endif
