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

/* One output before its last clamp. */
MOTES_INLINE uint32_t add_s8_dsp_output(const add_s8_dsp_params *p, int32_t sum) {
    int32_t y = __ssat(sum >> p->shift, 8);
    if (p->low > -128 || p->high < 127)
        y = motes_clamp(y, p->low, p->high);
    return (uint8_t)y;
}

/* Outputs 0 and 2 of two words, each byte at the top of its halfword, at bits 0 and 16. */
MOTES_INLINE uint32_t add_s8_dsp_pair(const add_s8_dsp_params *p, uint32_t a, uint32_t b) {
    const int32_t u = (int32_t)(a & UINT32_C(0xff00ff00)), v = (int32_t)(b & UINT32_C(0xff00ff00));
    const int32_t low = __smlawb(p->b_factor, v, __smlawb(p->a_factor, u, p->offset));
    const int32_t high = __smlawt(p->b_factor, v, __smlawt(p->a_factor, u, p->offset));
    return add_s8_dsp_output(p, low) | add_s8_dsp_output(p, high) << 16;
}

static inline void add_s8_dsp(const add_s8_dsp_params *p, const int8_t *a, const int8_t *b,
                              int8_t *y) {
    int32_t left = p->count;
    for (; left >= 4; left -= 4, a += 4, b += 4, y += 4) {
        const uint32_t u = *(const motes_word *)a, v = *(const motes_word *)b;
        *(motes_word *)y = add_s8_dsp_pair(p, u << 8, v << 8) | add_s8_dsp_pair(p, u, v) << 8;
    }
    for (; left > 0; left--, a++, b++, y++)
        *y = (int8_t)add_s8_dsp_pair(p, (uint32_t)(uint8_t)*a << 8, (uint32_t)(uint8_t)*b << 8);
}

#endif
