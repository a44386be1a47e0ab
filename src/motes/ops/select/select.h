/* select.h: y = a where the condition holds, else b, for elements of 1, 2, 4 or 8 bytes.

   `p->axes` is as in broadcast.h, for three inputs. y may share its address with a or b where that
   is nowhere repeated. */
#ifndef MOTES_SELECT_H
#define MOTES_SELECT_H

#include "broadcast.h"
#include "choice.h"

typedef choice_params select_1_params;
typedef choice_params select_2_params;
typedef choice_params select_4_params;
typedef choice_params select_8_params;

#define MOTES_SELECT(function, T)                                                                  \
    static inline void function(const function##_params *p, const uint8_t *condition,              \
                                const void *xa, const void *xb, void *out) {                       \
        const int32_t *axes = p->axes;                                                             \
        T *y = (T *)out;                                                                           \
        MOTES_ROWS(axes, 4) {                                                                      \
            const uint8_t *c = condition + MOTES_ROW(axes, 4, 1);                                  \
            const T *a = (const T *)xa + MOTES_ROW(axes, 4, 2);                                    \
            const T *b = (const T *)xb + MOTES_ROW(axes, 4, 3);                                    \
            for (int32_t i5 = 0; i5 < axes[20]; i5++) {                                            \
                *y++ = *c ? *a : *b;                                                               \
                c += axes[21];                                                                     \
                a += axes[22];                                                                     \
                b += axes[23];                                                                     \
            }                                                                                      \
        }                                                                                          \
    }

MOTES_SELECT(select_1, uint8_t)
MOTES_SELECT(select_2, uint16_t)
MOTES_SELECT(select_4, uint32_t)
MOTES_SELECT(select_8, uint64_t)

#endif
