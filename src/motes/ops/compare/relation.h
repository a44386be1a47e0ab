/* relation.h: whether two numbers stand in a relation, and the parameters of those that are
 * compared as they are. */
#ifndef MOTES_RELATION_H
#define MOTES_RELATION_H

#include "requantize.h"

typedef struct {
    const int32_t *axes;
    int32_t relation; /* as MOTES_RELATED takes it */
} relation_params;

typedef struct {
    const int32_t *axes;
    int32_t relation;
    int32_t a_zero, b_zero;
    int32_t a_multiplier, a_shift; /* to real numbers with 8 more bits */
    int32_t b_multiplier, b_shift;
} scaled_relation_params;

MOTES_INLINE int32_t motes_real(int32_t x, int32_t zero, int32_t multiplier, int32_t shift) {
    return motes_requantize_known((x - zero) * (1 << 8), multiplier, shift);
}

/* 0: ==, 1: !=, 2: <, 3: <=, 4: >, 5: >=. */
#define MOTES_RELATED(relation, a, b)                                                              \
    (uint8_t)((relation) == 0   ? (a) == (b)                                                       \
              : (relation) == 1 ? (a) != (b)                                                       \
              : (relation) == 2 ? (a) < (b)                                                        \
              : (relation) == 3 ? (a) <= (b)                                                       \
              : (relation) == 4 ? (a) > (b)                                                        \
                                : (a) >= (b))

#endif
