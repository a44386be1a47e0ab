/* fully_connected_nibbles_s8_dsp.h: as fully_connected_nibbles_s8.h, for Cortex-M4.

   A byte whose low half is cleared is 16 times the weight in its high half: SXTB16 and SMLAD take
   eight of them to 16 times their sum, which fits an int32 for depths below 2^17. */
#ifndef MOTES_FULLY_CONNECTED_NIBBLES_S8_DSP_H
#define MOTES_FULLY_CONNECTED_NIBBLES_S8_DSP_H

#include "fully_connected_nibbles_s8.h"
#include <arm_acle.h>

typedef fully_connected_nibbles_s8_params fully_connected_nibbles_s8_dsp_params;

/* sum + the products of the four bytes of x and w. */
MOTES_INLINE int32_t motes_nibble_four(uint32_t x, uint32_t w, int32_t sum) {
    sum = __smlad(__sxtb16((int32_t)x), __sxtb16((int32_t)w), sum);
    return __smlad(__sxtb16((int32_t)(x >> 8 | x << 24)), __sxtb16((int32_t)(w >> 8 | w << 24)),
                   sum);
}

static inline void fully_connected_nibbles_s8_dsp(const fully_connected_nibbles_s8_dsp_params *p,
                                                  const int8_t *restrict x, int8_t *restrict y) {
    const int32_t whole = p->depth / 8;
    for (int32_t row = 0; row < p->rows; row++, x += p->depth) {
        const int32_t *w = p->weights;
        for (int32_t unit = 0; unit < p->units; unit++) {
            int32_t sixteenfold = 0;
            const motes_word *words = (const motes_word *)x;
            for (int32_t i = 0; i < whole; i++, words += 2) {
                const uint32_t eight = (uint32_t)*w++;
                sixteenfold = motes_nibble_four(words[0], eight << 4 & 0xF0F0F0F0, sixteenfold);
                sixteenfold = motes_nibble_four(words[1], eight & 0xF0F0F0F0, sixteenfold);
            }
            uint32_t sum = (uint32_t)p->bias[unit] + (uint32_t)(sixteenfold >> 4);
            if (p->depth % 8)
                sum += motes_nibble_products(x + 8 * whole, *w++, p->depth % 8);
            *y++ = motes_nibble_output(p, unit, sum);
        }
    }
}

#endif
