/* depthwise_conv_3x3_s8_dsp.h: 3x3 depthwise convolution of int8 for Cortex-M4: as
   depthwise_planes_s8_dsp.h, with rows from depthwise_rows_s8_dsp.h. */
#ifndef MOTES_DEPTHWISE_CONV_3X3_S8_DSP_H
#define MOTES_DEPTHWISE_CONV_3X3_S8_DSP_H

#include "depthwise_planes_s8_dsp.h"
#include "depthwise_rows_s8_dsp.h"

typedef depthwise_planes_params depthwise_conv_3x3_s8_dsp_params;

static inline void depthwise_conv_3x3_s8_dsp(const depthwise_conv_3x3_s8_dsp_params *p,
                                             const int8_t *x, int8_t *y, void *scratch) {
    depthwise_spread_sides(p, (uint32_t *)scratch);
    depthwise_planes_image(p, 0, 0, x, y, scratch, depthwise_spread_s8_dsp, depthwise_rows_s8_dsp,
                           depthwise_rows_s8_dsp);
}

#endif
