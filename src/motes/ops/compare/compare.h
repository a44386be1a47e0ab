/* compare.h: y = whether a and b stand in a relation; numbers with scales are brought to one first.
 */
#ifndef MOTES_COMPARE_H
#define MOTES_COMPARE_H

#include "broadcast.h"
#include "relation.h"

typedef scaled_relation_params compare_s8_params;
typedef scaled_relation_params compare_scaled_s16_params;
typedef relation_params compare_u8_params;
typedef relation_params compare_s16_params;
typedef relation_params compare_s32_params;
typedef relation_params compare_s64_params;
typedef relation_params compare_f32_params;

#define MOTES_COMPARE(function, T)                                                                 \
    MOTES_BROADCAST(function, T, uint8_t, MOTES_RELATED(p->relation, a, b))

#define MOTES_COMPARE_SCALED(function, T)                                                          \
    MOTES_BROADCAST(function, T, uint8_t,                                                          \
                    MOTES_RELATED(p->relation,                                                     \
                                  motes_real(a, p->a_zero, p->a_multiplier, p->a_shift),           \
                                  motes_real(b, p->b_zero, p->b_multiplier, p->b_shift)))

MOTES_COMPARE_SCALED(compare_s8, int8_t)
MOTES_COMPARE_SCALED(compare_scaled_s16, int16_t)
MOTES_COMPARE(compare_u8, uint8_t)
MOTES_COMPARE(compare_s16, int16_t)
MOTES_COMPARE(compare_s32, int32_t)
MOTES_COMPARE(compare_s64, int64_t)
MOTES_COMPARE(compare_f32, float)

#endif
