/* add_s8_dsp.h: y = a + b for tensors of one shape, on Cortex-M4: two multiplications an element.

   An output is clamp((((a_factor * a) >> 8) + ((b_factor * b) >> 8) + offset) >> shift); affine.py
   finds factors and an offset for which that is TFLM's byte for every a and b. SMLAWB and SMLAWT
   multiply by a halfword and drop 16 bits: each byte sits in the upper half of one. y may share its
   address with a or b. */
#ifndef MOTES_ADD_S8_DSP_H
#define MOTES_ADD_S8_DSP_H

#include "motes.h"
#include <arm_acle.h>

typedef struct {
    int32_t count;
    int32_t a_factor, b_factor, offset, shift;
    int32_t low, high;
} add_s8_dsp_params;

/* Both bytes of two words whose halfwords hold a byte each at the top: y[0] and y[2]. */
MOTES_INLINE void add_s8_dsp_pair(const add_s8_dsp_params *p, uint32_t a, uint32_t b, int8_t *y) {
    const int32_t u = (int32_t)(a & UINT32_C(0xff00ff00)), v = (int32_t)(b & UINT32_C(0xff00ff00));
    const int32_t first = __smlawb(p->b_factor, v, __smlawb(p->a_factor, u, p->offset));
    const int32_t second = __smlawt(p->b_factor, v, __smlawt(p->a_factor, u, p->offset));
    int32_t y0 = __ssat(first >> p->shift, 8), y2 = __ssat(second >> p->shift, 8);
    if (p->low > -128 || p->high < 127) {
        y0 = motes_clamp(y0, p->low, p->high);
        y2 = motes_clamp(y2, p->low, p->high);
    }
    y[0] = (int8_t)y0;
    y[2] = (int8_t)y2;
}

MOTES_INLINE void add_s8_dsp_four(const add_s8_dsp_params *p, uint32_t a, uint32_t b, int8_t *y) {
    add_s8_dsp_pair(p, a << 8, b << 8, y);
    add_s8_dsp_pair(p, a, b, y + 1);
}

static inline void add_s8_dsp(const add_s8_dsp_params *p, const int8_t *a, const int8_t *b,
                              int8_t *y) {
    int32_t left = p->count;
    for (; left >= 8; left -= 8, a += 8, b += 8, y += 8) {
        /* Four loads in a row take five cycles. */
        const uint32_t a0 = ((const motes_word *)a)[0], a1 = ((const motes_word *)a)[1];
        const uint32_t b0 = ((const motes_word *)b)[0], b1 = ((const motes_word *)b)[1];
        add_s8_dsp_four(p, a0, b0, y);
        add_s8_dsp_four(p, a1, b1, y + 4);
    }
    for (; left > 0; left--, a++, b++, y++) {
        int8_t two[3];
        add_s8_dsp_pair(p, (uint32_t)(uint8_t)*a << 8, (uint32_t)(uint8_t)*b << 8, two);
        *y = two[0];
    }
}

#endif
