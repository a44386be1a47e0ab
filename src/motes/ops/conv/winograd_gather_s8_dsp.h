/* winograd_gather_s8_dsp.h: tiles at the edges of images copied, for Cortex-M4. */
#ifndef MOTES_WINOGRAD_GATHER_S8_DSP_H
#define MOTES_WINOGRAD_GATHER_S8_DSP_H

#include "conv_gather_s8_dsp.h"
#include "motes.h"

/* `side` x `side` pixels from (top, left) on, of an image of in_h x in_w pixels of `pixel` bytes.
 */
static MOTES_NOINLINE void winograd_gather_s8_dsp(int8_t *to, const int8_t *x, int32_t in_h,
                                                  int32_t in_w, int32_t pixel, int32_t in_zero,
                                                  int32_t top, int32_t left, int32_t side) {
    const uint32_t zero = (uint8_t)in_zero * UINT32_C(0x01010101);
    for (int32_t i = 0, row = top; i < side; i++, row++, to += side * pixel)
        conv_gather_s8_dsp(to, x + row * in_w * pixel, row >= 0 && row < in_h ? in_w : 0, left,
                           side, pixel, zero);
}

/* Four channels of rows x columns pixels from `from`, side by side, its rows `row` bytes apart, to
   y, pixels and rows `pixel` and `across` bytes apart. */
static MOTES_NOINLINE void winograd_put_s8_dsp(int8_t *y, uint32_t pixel, uint32_t across,
                                               const int8_t *from, uint32_t row, int32_t rows,
                                               int32_t columns) {
    for (; rows > 0; rows--, y += across, from += row)
        for (int32_t j = 0; j < columns; j++)
            *(motes_word *)(y + (uint32_t)j * pixel) = *(const motes_word *)(from + 4 * j);
}

#endif
