/* fully_connected_nibbles_s8.h: as fully_connected_s8.h, with weights of four bits, two a byte.

   Weights come in words of eight: byte k holds weight k of them in its low half and weight k + 4 in
   its high half. A row of weights begins with a word of its own; zeros fill its last. */
#ifndef MOTES_FULLY_CONNECTED_NIBBLES_S8_H
#define MOTES_FULLY_CONNECTED_NIBBLES_S8_H

#include "requantize.h"

typedef struct {
    int32_t rows, depth, units;
    const int32_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t step; /* 1: a multiplier and shift for each unit; 0: one for all */
    int32_t zero_point, low, high;
} fully_connected_nibbles_s8_params;

/* The sum of n products, n <= 8, of x and the weights in a word. */
MOTES_INLINE uint32_t motes_nibble_products(const int8_t *x, int32_t word, int32_t n) {
    uint32_t sum = 0;
    for (int32_t i = 0; i < n; i++) {
        const int32_t above = 28 - 8 * (i & 3) - (i & 4); /* bits above this weight */
        sum += (uint32_t)(x[i] * ((int32_t)((uint32_t)word << above) >> 28));
    }
    return sum;
}

/* The output of a sum. */
MOTES_INLINE int8_t motes_nibble_output(const fully_connected_nibbles_s8_params *p, int32_t unit,
                                        uint32_t sum) {
    const int32_t k = unit * p->step;
    const int32_t scaled = motes_requantize((int32_t)sum, p->multiplier[k], p->shift[k]);
    return (int8_t)motes_clamp(motes_add(scaled, p->zero_point), p->low, p->high);
}

static inline void fully_connected_nibbles_s8(const fully_connected_nibbles_s8_params *p,
                                              const int8_t *restrict x, int8_t *restrict y) {
    for (int32_t row = 0; row < p->rows; row++, x += p->depth) {
        const int32_t *w = p->weights;
        for (int32_t unit = 0; unit < p->units; unit++) {
            uint32_t sum = (uint32_t)p->bias[unit];
            for (int32_t i = 0; i < p->depth; i += 8)
                sum += motes_nibble_products(x + i, *w++, motes_min(8, p->depth - i));
            *y++ = motes_nibble_output(p, unit, sum);
        }
    }
}

#endif
