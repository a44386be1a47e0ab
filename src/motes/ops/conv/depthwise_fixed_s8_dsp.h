/* depthwise_fixed_s8_dsp.h: 3x3 depthwise convolution of int8 for Cortex-M4, compiled for a width
   and a number of channels: as depthwise_planes_s8_dsp.h, with rows from
   depthwise_fixed_rows_s8_dsp.h. */
#ifndef MOTES_DEPTHWISE_FIXED_S8_DSP_H
#define MOTES_DEPTHWISE_FIXED_S8_DSP_H

#include "depthwise_fixed_rows_s8_dsp.h"
#include "depthwise_planes_s8_dsp.h"

typedef depthwise_planes_params depthwise_fixed_s8_dsp_params;

/* What assembly does of pairs of rows that are inside. */
typedef void depthwise_fixed_spread(const int8_t *upper, const int8_t *lower, uint32_t *to,
                                    uint32_t pairs);

/* Columns outside the image, of one row of a pair. */
static MOTES_NOINLINE void depthwise_fixed_clear_row(uint16_t *to, int32_t columns, uint16_t zero) {
    for (; columns > 0; columns--, to += 8)
        to[0] = zero, to[2] = zero, to[4] = zero, to[6] = zero;
}

/* As depthwise_planes_spread says. */
MOTES_INLINE void depthwise_fixed_pairs(const depthwise_planes_params *p, const int8_t *x,
                                        int32_t row, int32_t pairs, int32_t known, uint32_t *to,
                                        depthwise_fixed_spread *spread) {
    const int32_t pitch = p->in_w * p->in_ch;
    to += 4 * p->pad_left;
    while (pairs > 0) {
        const int above = row >= 0 && row < p->in_h, below = row >= -1 && row < p->in_h - 1;
        const int8_t *const upper = x + (above ? row : row + 1) * pitch;
        const int32_t inside = above && below ? motes_min(pairs, (p->in_h - row) / 2) : 1;
        if (above || below)
            spread(upper, above && below ? upper + pitch : upper, to, (uint32_t)inside);
        if (!above && !below) {
            if (!known)
                depthwise_planes_clear(to, p->columns, p->in_zero * UINT32_C(0x00010001));
        } else if (!above || !below) /* the row inside counted for both */
            depthwise_fixed_clear_row((uint16_t *)to + (above ? 1 : 0), p->columns, p->in_zero);
        row += 2 * inside, pairs -= inside, to += inside * 4 * p->wide;
    }
}

/* clang-format off */
/* The function `name` for a stride of 1 or 2, the symbols of depthwise_fixed_rows_s8_dsp.h, and `exact`. */
#define depthwise_fixed_s8_dsp_COPY(name, stride, across, channels, wide, columns, width, odd, unrolled, together, exact) \
    depthwise_fixed_s8_dsp_MAKE(name, stride, exact,                                                                   \
                                FIXED_SYMBOLS(across, channels, wide, columns, width, odd, unrolled, together))
#define depthwise_fixed_s8_dsp_MAKE(name, stride, exact, symbols)                                                      \
    MOTES_ASSEMBLY void name##_spread(const int8_t *upper MOTES_UNUSED, const int8_t *lower MOTES_UNUSED,              \
                                      uint32_t *to MOTES_UNUSED, uint32_t pairs MOTES_UNUSED) {                        \
        __asm__ volatile(symbols FIXED_SPREAD);                                                                        \
    }                                                                                                                  \
    MOTES_INLINE void name##_pairs(const depthwise_planes_params *p, const int8_t *x, int32_t row, int32_t pairs,      \
                                   int32_t known, uint32_t *to) {                                                      \
        depthwise_fixed_pairs(p, x, row, pairs, known, to, name##_spread);                                             \
    }                                                                                                                  \
    depthwise_fixed_s8_dsp_ROWS(name##_rows, symbols FIXED_EXACT(0) FIXED_ROWS_##stride)                               \
    depthwise_fixed_s8_dsp_ROWS(name##_exact, symbols FIXED_EXACT(1) FIXED_ROWS_##stride)                              \
    static MOTES_NOINLINE MOTES_FLATTEN void name(const depthwise_fixed_s8_dsp_params *p, const int8_t *x,             \
                                                  int8_t *y, void *scratch) {                                          \
        depthwise_planes_clear((uint32_t *)scratch, (p->band + 1) * p->wide, p->in_zero * UINT32_C(0x00010001));         \
        depthwise_planes_image(p, exact, 1, x, y, scratch, name##_pairs, name##_rows, name##_exact);                     \
    }
#define depthwise_fixed_s8_dsp_ROWS(name, text)                                                                        \
    MOTES_ASSEMBLY void name(const uint32_t *planes MOTES_UNUSED, const uint32_t *taps MOTES_UNUSED,                   \
                             int8_t *y MOTES_UNUSED, uint32_t rows MOTES_UNUSED, uint32_t channels MOTES_UNUSED,       \
                             uint32_t alone MOTES_UNUSED, const depthwise_planes_params *p MOTES_UNUSED) {              \
        __asm__ volatile(text);                                                                                        \
    }
/* clang-format on */

#endif
