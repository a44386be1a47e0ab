/* pad.h: x inside of y, surrounded by one value. */
#ifndef MOTES_PAD_H
#define MOTES_PAD_H

#include "fill.h"
#include "strided_copy.h"

typedef struct {
    const int32_t *sizes, *x_steps, *y_steps; /* as in strided_copy.h */
    int32_t x_start, y_start, block;
    int32_t bytes; /* of y */
    int32_t size;  /* bytes of an element */
} pad_value_params;

typedef struct {
    const int32_t *sizes, *x_steps, *y_steps;
    int32_t x_start, y_start, block;
    int32_t bytes, size;
    const void *value; /* of the border */
} pad_params;

static inline void pad_value(const pad_value_params *p, const void *x, const void *value, void *y) {
    const strided_copy_params copy = {p->sizes,   p->x_steps, p->y_steps,
                                      p->x_start, p->y_start, p->block};
    motes_fill(y, (uint32_t)p->bytes, value, (uint32_t)p->size);
    copy_blocks(&copy, x, y);
}

static inline void pad(const pad_params *p, const void *x, void *y) {
    const pad_value_params known = {p->sizes,   p->x_steps, p->y_steps, p->x_start,
                                    p->y_start, p->block,   p->bytes,   p->size};
    pad_value(&known, x, p->value, y);
}

#endif
