/* depthwise_conv_computed.h: depthwise convolution with weights that are computed, and a bias that
   may be: both come as pointers. See depthwise_conv_s8.h, depthwise_conv_s16.h and
   depthwise_conv_f32.h. */
#ifndef MOTES_DEPTHWISE_CONV_COMPUTED_H
#define MOTES_DEPTHWISE_CONV_COMPUTED_H

#include "computed_filter.h"
#include "depthwise_conv_f32.h"
#include "depthwise_conv_s16.h"
#include "depthwise_conv_s8.h"

typedef depthwise_conv_s8_params depthwise_conv_computed_s8_params;
MOTES_COMPUTED_FILTER(depthwise_conv_computed_s8, depthwise_conv_s8,
                      (const depthwise_conv_computed_s8_params *p, const int8_t *restrict x,
                       const int8_t *restrict w, int8_t *restrict y))

typedef depthwise_conv_s8_params depthwise_conv_biased_s8_params;
MOTES_BIASED_FILTER(depthwise_conv_biased_s8, depthwise_conv_s8,
                    (const depthwise_conv_biased_s8_params *p, const int8_t *restrict x,
                     const int8_t *restrict w, const int32_t *restrict bias, int8_t *restrict y))

typedef depthwise_conv_s16_params depthwise_conv_computed_s16_params;
MOTES_COMPUTED_FILTER(depthwise_conv_computed_s16, depthwise_conv_s16,
                      (const depthwise_conv_computed_s16_params *p, const int16_t *restrict x,
                       const int8_t *restrict w, int16_t *restrict y))

typedef depthwise_conv_s16_params depthwise_conv_biased_s16_params;
MOTES_BIASED_FILTER(depthwise_conv_biased_s16, depthwise_conv_s16,
                    (const depthwise_conv_biased_s16_params *p, const int16_t *restrict x,
                     const int8_t *restrict w, const int64_t *restrict bias, int16_t *restrict y))

typedef depthwise_conv_f32_params depthwise_conv_computed_f32_params;
MOTES_COMPUTED_FILTER(depthwise_conv_computed_f32, depthwise_conv_f32,
                      (const depthwise_conv_computed_f32_params *p, const float *restrict x,
                       const float *restrict w, float *restrict y))

typedef depthwise_conv_f32_params depthwise_conv_biased_f32_params;
MOTES_BIASED_FILTER(depthwise_conv_biased_f32, depthwise_conv_f32,
                    (const depthwise_conv_biased_f32_params *p, const float *restrict x,
                     const float *restrict w, const float *restrict bias, float *restrict y))

#endif
