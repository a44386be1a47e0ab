/* depthwise_fixed_s8_dsp.h: 3x3 depthwise convolution of int8 for Cortex-M4, compiled for a width
   and a number of channels: as depthwise_planes_s8_dsp.h, with rows from
   depthwise_fixed_rows_s8_dsp.h. */
#ifndef MOTES_DEPTHWISE_FIXED_S8_DSP_H
#define MOTES_DEPTHWISE_FIXED_S8_DSP_H

#include "depthwise_fixed_rows_s8_dsp.h"
#include "depthwise_planes_s8_dsp.h"

typedef depthwise_planes_params depthwise_fixed_s8_dsp_params;

/* clang-format off */
#define FIXED_UNUSED __attribute__((unused)) /* but by assembly */
/* The function `name` for a stride of 1 or 2, the symbols of depthwise_fixed_rows_s8_dsp.h, and `exact`. */
#define depthwise_fixed_s8_dsp_COPY(name, stride, across, channels, wide, columns, width, odd, unrolled, together, exact) \
    depthwise_fixed_s8_dsp_MAKE(name, stride, exact,                                                                   \
                                FIXED_SYMBOLS(across, channels, wide, columns, width, odd, unrolled, together))
#define depthwise_fixed_s8_dsp_MAKE(name, stride, exact, symbols)                                                      \
    MOTES_ASSEMBLY void name##_spread(const int8_t *upper FIXED_UNUSED, const int8_t *lower FIXED_UNUSED,              \
                                      uint32_t *to FIXED_UNUSED, uint32_t pairs FIXED_UNUSED,                          \
                                      const depthwise_planes_params *p FIXED_UNUSED) {                                 \
        __asm__ volatile(symbols FIXED_SPREAD);                                                                        \
    }                                                                                                                  \
    depthwise_fixed_s8_dsp_ROWS(name##_rows, symbols FIXED_EXACT(0) FIXED_ROWS_##stride)                               \
    depthwise_fixed_s8_dsp_ROWS(name##_exact, symbols FIXED_EXACT(1) FIXED_ROWS_##stride)                              \
    static MOTES_NOINLINE MOTES_FLATTEN void name(const depthwise_fixed_s8_dsp_params *p, const int8_t *x,             \
                                                  int8_t *y, void *scratch) {                                          \
        depthwise_planes_image(p, exact, x, y, scratch, name##_spread, name##_rows, name##_exact);                     \
    }
#define depthwise_fixed_s8_dsp_ROWS(name, text)                                                                        \
    MOTES_ASSEMBLY void name(const uint32_t *planes FIXED_UNUSED, const uint32_t *taps FIXED_UNUSED,                   \
                             int8_t *y FIXED_UNUSED, uint32_t rows FIXED_UNUSED, uint32_t channels FIXED_UNUSED,       \
                             uint32_t alone FIXED_UNUSED, const depthwise_planes_params *p FIXED_UNUSED) {              \
        __asm__ volatile(text);                                                                                        \
    }
/* clang-format on */

#endif
