/* resize_bilinear.h: scales a grey frame by any factors, between the four nearest pixels, in 1/256
   of a pixel.

   For every column and row of y: `at`, the pixel of x before it, and `part`, the weight out of 256
   of the one behind. */
#ifndef MOTES_RESIZE_BILINEAR_H
#define MOTES_RESIZE_BILINEAR_H

#include "motes.h"

typedef struct {
    int32_t in_width, in_height;
    int32_t width, height;
    const uint16_t *column_at, *column_part;
    const uint16_t *row_at, *row_part;
} resize_bilinear_params;

static inline void resize_bilinear(const resize_bilinear_params *p, const uint8_t *restrict x,
                                   uint8_t *restrict y) {
    for (int32_t i = 0; i < p->height; i++) {
        const int32_t low = p->row_at[i], lower = p->row_part[i];
        const uint8_t *above = x + low * p->in_width;
        const uint8_t *below = low + 1 < p->in_height ? above + p->in_width : above;
        for (int32_t j = 0; j < p->width; j++) {
            const int32_t left = p->column_at[j], part = p->column_part[j];
            const int32_t right = left + 1 < p->in_width ? left + 1 : left;
            const int32_t upper_row = above[left] * (256 - part) + above[right] * part;
            const int32_t lower_row = below[left] * (256 - part) + below[right] * part;
            *y++ = (uint8_t)((upper_row * (256 - lower) + lower_row * lower + (1 << 15)) >> 16);
        }
    }
}

#endif
