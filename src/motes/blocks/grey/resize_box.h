/* resize_box.h: shrinks a grey frame by whole factors: means of boxes, halves up. y may start where
 * x does. */
#ifndef MOTES_RESIZE_BOX_H
#define MOTES_RESIZE_BOX_H

#include "motes.h"

typedef struct {
    int32_t width, height; /* of y */
    int32_t across, down;  /* pixels of x in a box */
} resize_box_params;

static inline void resize_box(const resize_box_params *p, const uint8_t *x, uint8_t *y) {
    const int32_t in_width = p->width * p->across;
    const uint32_t pixels = (uint32_t)(p->across * p->down);
    for (int32_t row = 0; row < p->height; row++, x += p->down * in_width)
        for (int32_t column = 0; column < p->width; column++) {
            const uint8_t *box = x + column * p->across;
            uint32_t sum = pixels / 2;
            if (p->across == 2 && p->down == 2) { /* the usual box, unrolled */
                sum += (uint32_t)(box[0] + box[1] + box[in_width] + box[in_width + 1]);
                *y++ = (uint8_t)(sum / 4);
                continue;
            }
            for (int32_t i = 0; i < p->down; i++, box += in_width)
                for (int32_t j = 0; j < p->across; j++)
                    sum += box[j];
            *y++ = (uint8_t)(sum / pixels);
        }
}

#endif
