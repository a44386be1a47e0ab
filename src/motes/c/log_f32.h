/* log_f32.h: natural logarithm in single precision from + - * / alone: equal bits on every target,
 * within 1 ulp. */
#ifndef MOTES_LOG_F32_H
#define MOTES_LOG_F32_H

#include "motes.h"

/* ln(x) for finite x >= 2^-126.

   x = 2^e * m with 1/sqrt(2) <= m < sqrt(2), s = (m - 1) / (m + 1), |s| < 0.172:
   ln(m) = 2 artanh(s) = f - s * (f - s^2 * (2/3 + 2/5 s^2 + ...)), f = m - 1, which adds small to
   exact. The series ends where a term is below 2^-30. ln(2) is split so that e times its upper part
   is exact. */
static inline float motes_log(float x) {
    uint32_t bits = *(const motes_word *)&x;
    const int32_t e = (int32_t)(bits - UINT32_C(0x3F3504F3)) >> 23; /* bits of 1/sqrt(2) */
    bits -= (uint32_t)e << 23;
    float m;
    *(motes_word *)&m = bits;
    const float f = m - 1.0f, s = f / (2.0f + f), z = s * s;
    const float series =
        z * (0.66666667f + z * (0.4f + z * (0.28571429f + z * (0.22222222f + z * 0.18181818f))));
    const float k = (float)e;
    return k * 0.693145752f + (f - (s * (f - series) - k * 1.42860677e-6f));
}

#endif
