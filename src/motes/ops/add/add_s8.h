/* add_s8.h: y = a + b, each with its own scale; steps of 0 repeat an input along an axis.

   y may share its address with an input that is not repeated. */
#ifndef MOTES_ADD_S8_H
#define MOTES_ADD_S8_H

#include "requantize.h"

typedef struct {
    int32_t size0, size1, size2, size3;         /* of y, outermost first */
    int32_t a_step0, a_step1, a_step2, a_step3; /* elements from one index to the next */
    int32_t b_step0, b_step1, b_step2, b_step3;
    int32_t a_zero, b_zero, y_zero;
    int32_t a_multiplier, a_shift; /* to twice the larger input scale */
    int32_t b_multiplier, b_shift;
    int32_t y_multiplier, y_shift; /* from there to y's */
    int32_t low, high;
} add_s8_params;

/* 20 more bits keep the sum exact enough; (x - zero) has 9, so that nothing overflows. */
MOTES_INLINE int32_t motes_add_rescale(int32_t x, int32_t zero, int32_t multiplier, int32_t shift) {
    return motes_requantize((x - zero) * (1 << 20), multiplier, shift);
}

static inline void add_s8(const add_s8_params *p, const int8_t *a, const int8_t *b, int8_t *y) {
    for (int32_t i = 0; i < p->size0; i++) {
        for (int32_t j = 0; j < p->size1; j++) {
            for (int32_t k = 0; k < p->size2; k++) {
                const int8_t *u = a + i * p->a_step0 + j * p->a_step1 + k * p->a_step2;
                const int8_t *v = b + i * p->b_step0 + j * p->b_step1 + k * p->b_step2;
                for (int32_t l = 0; l < p->size3; l++, u += p->a_step3, v += p->b_step3) {
                    const int32_t sum =
                        motes_add_rescale(*u, p->a_zero, p->a_multiplier, p->a_shift) +
                        motes_add_rescale(*v, p->b_zero, p->b_multiplier, p->b_shift);
                    const int32_t scaled = motes_requantize(sum, p->y_multiplier, p->y_shift);
                    *y++ = (int8_t)motes_clamp(scaled + p->y_zero, p->low, p->high);
                }
            }
        }
    }
}

#endif
