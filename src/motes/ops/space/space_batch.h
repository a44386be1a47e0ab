/* space_batch.h: images taken apart into the cells of a grid, and put together again.

   Pixel (row, column) of an image, with a border in front of it, is pixel (row / block, column /
   block) of the map for (row % block, column % block). */
#ifndef MOTES_SPACE_BATCH_H
#define MOTES_SPACE_BATCH_H

#include "motes.h"

typedef struct {
    int32_t images, image_h, image_w;
    int32_t map_h, map_w; /* there are images * block_h * block_w maps, images innermost */
    int32_t block_h, block_w;
    int32_t top, left; /* the border: padding, or what is cropped */
    int32_t bytes;     /* of a pixel */
    int32_t border;    /* what each byte of it holds */
} space_batch_params;
typedef space_batch_params space_to_batch_params;
typedef space_batch_params batch_to_space_params;

/* Where a map's pixel lies in its image, in pixels; -1 in the border. */
MOTES_INLINE int32_t motes_space_at(const space_batch_params *p, int32_t map, int32_t h,
                                    int32_t w) {
    const int32_t cell = map / p->images;
    const int32_t row = h * p->block_h + cell / p->block_w - p->top;
    const int32_t column = w * p->block_w + cell % p->block_w - p->left;
    const int32_t inside = row >= 0 && row < p->image_h && column >= 0 && column < p->image_w;
    return inside ? (map % p->images * p->image_h + row) * p->image_w + column : -1;
}

static inline void space_to_batch(const space_batch_params *p, const void *x, void *y) {
    const int32_t maps = p->images * p->block_h * p->block_w;
    uint8_t *to = (uint8_t *)y;
    for (int32_t i = 0; i < maps; i++) {
        for (int32_t h = 0; h < p->map_h; h++) {
            for (int32_t w = 0; w < p->map_w; w++, to += p->bytes) {
                const int32_t at = motes_space_at(p, i, h, w);
                if (at >= 0) {
                    motes_copy(to, (const uint8_t *)x + at * p->bytes, (uint32_t)p->bytes);
                } else {
                    for (int32_t j = 0; j < p->bytes; j++)
                        to[j] = (uint8_t)p->border;
                }
            }
        }
    }
}

static inline void batch_to_space(const space_batch_params *p, const void *x, void *y) {
    const int32_t maps = p->images * p->block_h * p->block_w;
    const uint8_t *from = (const uint8_t *)x;
    for (int32_t i = 0; i < maps; i++) {
        for (int32_t h = 0; h < p->map_h; h++) {
            for (int32_t w = 0; w < p->map_w; w++, from += p->bytes) {
                const int32_t at = motes_space_at(p, i, h, w);
                if (at >= 0)
                    motes_copy((uint8_t *)y + at * p->bytes, from, (uint32_t)p->bytes);
            }
        }
    }
}

#endif
