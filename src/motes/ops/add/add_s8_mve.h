/* add_s8_mve.h: y = a + b for tensors of one shape, with Helium: four elements at a time.

   An output is clamp((((a_factor * a) >> 8) + ((b_factor * b) >> 8) + offset) >> shift); affine.py
   finds factors and an offset for which that is TFLM's byte for every a and b. VQDMLAH adds the
   upper half of twice a product: 23 bits further up, a value times a factor loses 8 bits there. y
   may share its address with a or b. */
#ifndef MOTES_ADD_S8_MVE_H
#define MOTES_ADD_S8_MVE_H

#include "motes.h"
#include <arm_mve.h>

typedef struct {
    int32_t count;
    int32_t a_factor, b_factor, offset, shift;
    int32_t low, high;
} add_s8_mve_params;

MOTES_INLINE int32x4_t add_mve_four(const add_s8_mve_params *p, int32x4_t a, int32x4_t b) {
    int32x4_t sum = vqdmlahq_n_s32(vdupq_n_s32(p->offset), vshlq_n_s32(a, 23), p->a_factor);
    sum = vshlq_r_s32(vqdmlahq_n_s32(sum, vshlq_n_s32(b, 23), p->b_factor), -p->shift);
    return vminq_s32(vmaxq_s32(sum, vdupq_n_s32(p->low)), vdupq_n_s32(p->high));
}

static inline void add_s8_mve(const add_s8_mve_params *p, const int8_t *a, const int8_t *b,
                              int8_t *y) {
    int32_t left = p->count;
    for (; left >= 4; left -= 4, a += 4, b += 4, y += 4)
        vstrbq_s32(y, add_mve_four(p, vldrbq_s32(a), vldrbq_s32(b)));
    const mve_pred16_t some = vctp32q((uint32_t)left);
    vstrbq_p_s32(y, add_mve_four(p, vldrbq_z_s32(a, some), vldrbq_z_s32(b, some)), some);
}

#endif
