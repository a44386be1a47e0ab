/* fully_connected_rounds_s8_dsp.h: as fully_connected_rounds_s8.h, four products of two units at a
   time, for Cortex-M4. */
#ifndef MOTES_FULLY_CONNECTED_ROUNDS_S8_DSP_H
#define MOTES_FULLY_CONNECTED_ROUNDS_S8_DSP_H

#include "fully_connected_rounds_s8.h"
#include <arm_acle.h>

typedef fully_connected_rounds_s8_params fully_connected_rounds_s8_dsp_params;

/* Bytes 1 and 3 of a word, as SXTB16 does bytes 0 and 2. */
MOTES_INLINE int16x2_t fully_connected_rounds_s8_odd(uint32_t four) {
    return __sxtb16((int8x4_t)(four >> 8 | four << 24));
}

static inline void fully_connected_rounds_s8_dsp(const fully_connected_rounds_s8_dsp_params *p,
                                                 const int8_t *restrict x, int8_t *restrict y) {
    for (int32_t row = 0; row < p->rows; row++, x += p->depth) {
        const int8_t *w = p->weights;
        int32_t fix = p->fix_start;
        for (int32_t unit = 0; unit < p->units; unit += 2, w += 2 * p->depth) {
            const int32_t two = unit + 1 < p->units;
            const int8_t *w1 = two ? w + p->depth : w;
            int32_t a = (int32_t)fully_connected_rounds_s8_start(p, unit, &fix), b = 0, i = 0;
            if (two)
                b = (int32_t)fully_connected_rounds_s8_start(p, unit + 1, &fix);
            for (; i + 4 <= p->depth; i += 4) {
                const uint32_t four = *(const motes_word *)(x + i);
                const uint32_t wa = *(const motes_word *)(w + i);
                const uint32_t wb = *(const motes_word *)(w1 + i);
                const int16x2_t even = __sxtb16((int8x4_t)four);
                const int16x2_t odd = fully_connected_rounds_s8_odd(four);
                a = __smlad(odd, fully_connected_rounds_s8_odd(wa),
                            __smlad(even, __sxtb16((int8x4_t)wa), a));
                b = __smlad(odd, fully_connected_rounds_s8_odd(wb),
                            __smlad(even, __sxtb16((int8x4_t)wb), b));
            }
            for (; i < p->depth; i++) {
                a = motes_add(a, (int32_t)x[i] * w[i]);
                b = motes_add(b, (int32_t)x[i] * w1[i]);
            }
            *y++ = fully_connected_rounds_s8_output(p, unit, (uint32_t)a);
            if (two)
                *y++ = fully_connected_rounds_s8_output(p, unit + 1, (uint32_t)b);
        }
    }
}

#endif
