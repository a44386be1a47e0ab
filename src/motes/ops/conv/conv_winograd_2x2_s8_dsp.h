/* conv_winograd_2x2_s8_dsp.h: 3x3 convolution of int8 at stride 1 by Winograd's F(2x2, 3x3), for
   Cortex-M4.

   A tile of 2x2 outputs needs 16 products a pair of channels instead of 36. The
   arithmetic is exact: see winograd_2x2_s8_dsp.h. Loops, layouts, scratch:
   conv_winograd_loops_dsp.h. */
#ifndef MOTES_CONV_WINOGRAD_2X2_S8_DSP_H
#define MOTES_CONV_WINOGRAD_2X2_S8_DSP_H

#include "motes.h"
#include "winograd_2x2_s8_dsp.h"
#include "winograd_gather_s8_dsp.h"
#include "winograd_products_s8_dsp.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, out_ch, pad_top, pad_left, in_zero;
    int32_t depth;
    const int32_t *weights;
    const int32_t *scales;
} conv_winograd_2x2_s8_dsp_params;

#define WINOGRAD(part) conv_winograd_2x2_s8_dsp##part
#define WINOGRAD_SIDE 2
#define WINOGRAD_SCALES 4
#define WINOGRAD_VALUES(x, row, pixel, to, position, words, room)                                  \
    winograd_2x2_values_s8_dsp(x, row, pixel, to, position, words)
#define WINOGRAD_OUTPUTS winograd_2x2_outputs_s8_dsp
#include "conv_winograd_loops_dsp.h"
#define conv_winograd_2x2_s8_dsp_COPY(name, channels)                                              \
    WINOGRAD_COPY(conv_winograd_2x2_s8_dsp, name, channels)

#endif
