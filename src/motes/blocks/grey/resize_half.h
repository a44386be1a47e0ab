/* resize_half.h: resize_box.h for boxes of 2x2, two at a time: pixels 0 and 2 of a word, and 1 and
 * 3, are summed in halfwords. width is even. */
#ifndef MOTES_RESIZE_HALF_H
#define MOTES_RESIZE_HALF_H

#include "motes.h"

typedef struct {
    int32_t width, height; /* of y */
} resize_half_params;

/* Of four neighbours, the sums of the first and of the second two. */
MOTES_INLINE uint32_t resize_half_sums(uint32_t four) {
    return (four & UINT32_C(0x00ff00ff)) + (four >> 8 & UINT32_C(0x00ff00ff));
}

static inline void resize_half(const resize_half_params *p, const uint8_t *x, uint8_t *y) {
    for (int32_t row = 0; row < p->height; row++, x += 2 * p->width)
        for (int32_t left = p->width; left > 0; left -= 2, x += 4, y += 2) {
            const uint32_t above = *(const motes_word *)x;
            const uint32_t below = *(const motes_word *)(x + 2 * p->width);
            const uint32_t sums = resize_half_sums(above) + resize_half_sums(below);
            const uint32_t means = (sums + UINT32_C(0x00020002)) >> 2;
            y[0] = (uint8_t)means;
            y[1] = (uint8_t)(means >> 16);
        }
}

#endif
