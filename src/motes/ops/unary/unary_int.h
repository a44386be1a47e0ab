/* unary_int.h: functions of one integer that is no quantized number, element by element, modulo the
   type's size. y may share x's address. */
#ifndef MOTES_UNARY_INT_H
#define MOTES_UNARY_INT_H

#include "count.h"

#define MOTES_UNARY_INT(name, type, value)                                                         \
    static inline void name(const motes_count *p, const type *x, type *y) {                        \
        for (int32_t i = 0; i < p->count; i++) {                                                   \
            const type a = x[i];                                                                   \
            y[i] = (type)(value);                                                                  \
        }                                                                                          \
    }

typedef motes_count neg_s16_params;
typedef motes_count neg_s32_params;
typedef motes_count neg_s64_params;
typedef motes_count abs_s32_params;
typedef motes_count sign_s32_params;
typedef motes_count not_b8_params;

MOTES_UNARY_INT(neg_s16, int16_t, -a)
MOTES_UNARY_INT(neg_s32, int32_t, (uint32_t)0 - (uint32_t)a)
MOTES_UNARY_INT(neg_s64, int64_t, (uint64_t)0 - (uint64_t)a)
MOTES_UNARY_INT(abs_s32, int32_t, a < 0 ? (uint32_t)0 - (uint32_t)a : (uint32_t)a)
MOTES_UNARY_INT(sign_s32, int32_t, (a > 0) - (a < 0))
MOTES_UNARY_INT(not_b8, uint8_t, !a)

#endif
