/* log_f32.h: natural logarithm in single precision from + - * / alone: equal bits on every target,
 * within 1 ulp. */
#ifndef MOTES_LOG_F32_H
#define MOTES_LOG_F32_H

#include "bits_f32.h"

/* ln of the finite number >= 2^-126 that is `bits`, plus more * ln(2).

   x = 2^e * m with 1/sqrt(2) <= m < sqrt(2), s = (m - 1) / (m + 1), |s| < 0.172:
   ln(m) = 2 artanh(s) = f - s * (f - s^2 * (2/3 + 2/5 s^2 + ...)), f = m - 1, which adds small to
   exact. The series ends where a term is below 2^-30. ln(2) is split so that e times its upper part
   is exact. */
MOTES_INLINE float motes_log_of_bits(uint32_t bits, int32_t more) {
    const int32_t e = (int32_t)(bits - UINT32_C(0x3F3504F3)) >> 23; /* bits of 1/sqrt(2) */
    const float m = motes_from_bits(bits - ((uint32_t)e << 23));
    const float f = m - 1.0f, s = f / (2.0f + f), z = s * s;
    const float series =
        z * (0.66666667f + z * (0.4f + z * (0.28571429f + z * (0.22222222f + z * 0.18181818f))));
    const float k = (float)(e + more);
    return k * 0.693145752f + (f - (s * (f - series) - k * 1.42860677e-6f));
}

/* ln(x) for finite x >= 2^-126. */
static inline float motes_log(float x) {
    return motes_log_of_bits(motes_bits(x), 0);
}

/* ln(x) for every x: of 0 -infinity, below it no number. */
static inline float motes_log_any(float x) {
    if (x >= 1.17549435e-38f)
        return x < MOTES_INFINITY ? motes_log(x) : x;
    if (x > 0.0f)
        return motes_log_of_bits(motes_bits(x * 8388608.0f), -23);
    return x == 0.0f ? -MOTES_INFINITY : MOTES_NAN;
}

#endif
