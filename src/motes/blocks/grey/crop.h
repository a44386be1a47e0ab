/* crop.h: a rectangle of a grey frame. y may start where x does. */
#ifndef MOTES_CROP_H
#define MOTES_CROP_H

#include "motes.h"

typedef struct {
    int32_t in_width;
    int32_t left, top, width, height;
} crop_params;

static inline void crop(const crop_params *p, const uint8_t *x, uint8_t *y) {
    x += p->top * p->in_width + p->left;
    for (int32_t row = 0; row < p->height; row++, x += p->in_width)
        for (int32_t column = 0; column < p->width; column++)
            *y++ = x[column];
}

#endif
