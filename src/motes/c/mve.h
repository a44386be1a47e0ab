/* mve.h: what kernels for Helium share, the vectors of Armv8.1-M. */
#ifndef MOTES_MVE_H
#define MOTES_MVE_H

#include "motes.h"
#include <arm_mve.h>

/* An output's zero point, and the values that it may have. */
typedef struct {
    int32_t zero, low, high;
} mve_range;

/* Whether an output is the same whichever way halves of negative values are rounded: none below the
   zero point is left. */
MOTES_INLINE int mve_rising(int32_t zero, int32_t low) {
    return low >= zero;
}

/* x * 2^shift, for shifts below 0, halves away from zero: VRSHL rounds them up, which is away from
   zero once negative values are 1 less. Where outputs only rise from the zero point that is left
   out. */
MOTES_INLINE int32x4_t mve_round_shift(int32x4_t x, int32x4_t shift, int rising) {
    return vrshlq_s32(rising ? x : vaddq_s32(x, vshrq_n_s32(x, 31)), shift);
}

/* x plus the zero point, clamped. */
MOTES_INLINE int32x4_t mve_clamp(int32x4_t x, mve_range to) {
    const int32x4_t shifted = vaddq_n_s32(x, to.zero);
    return vminq_s32(vmaxq_s32(shifted, vdupq_n_s32(to.low)), vdupq_n_s32(to.high));
}

/* sum * multiplier * 2^(shift - 31), rounded twice as motes_requantize does it, plus the zero
   point, clamped; for multipliers of 0 or more and shifts below 0. */
MOTES_INLINE int32x4_t mve_output(int32x4_t sum, int32x4_t multiplier, int32x4_t shift,
                                  mve_range to) {
    return mve_clamp(mve_round_shift(vqrdmulhq_s32(sum, multiplier), shift, 0), to);
}

MOTES_INLINE void mve_copy(int8_t *to, const int8_t *from, int32_t bytes) {
    for (; bytes > 0; bytes -= 16, from += 16, to += 16) {
        const mve_pred16_t left = vctp8q((uint32_t)bytes);
        vstrbq_p_s8(to, vldrbq_z_s8(from, left), left);
    }
}

MOTES_INLINE void mve_set(int8_t *to, int32_t value, int32_t bytes) {
    for (; bytes > 0; bytes -= 16, to += 16)
        vstrbq_p_s8(to, vdupq_n_s8((int8_t)value), vctp8q((uint32_t)bytes));
}

#endif
