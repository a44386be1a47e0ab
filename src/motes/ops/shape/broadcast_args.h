/* broadcast_args.h: the shape to which two shapes are broadcast together; the shorter one is filled
   with 1 in front. */
#ifndef MOTES_BROADCAST_ARGS_H
#define MOTES_BROADCAST_ARGS_H

#include "motes.h"

typedef struct {
    int32_t a, b; /* axes */
} broadcast_args_params;
typedef broadcast_args_params broadcast_args_s32_params;
typedef broadcast_args_params broadcast_args_s64_params;

#define MOTES_BROADCAST_ARGS                                                                       \
    const int32_t rank = motes_max(p->a, p->b);                                                    \
    for (int32_t i = 0; i < rank; i++) {                                                           \
        const int32_t j = i - (rank - p->a), k = i - (rank - p->b);                                \
        y[i] = k < 0 || (j >= 0 && b[k] == 1) ? a[j] : b[k];                                       \
    }

static inline void broadcast_args_s32(const broadcast_args_params *p, const int32_t *a,
                                      const int32_t *b, int32_t *y) {
    MOTES_BROADCAST_ARGS
}

static inline void broadcast_args_s64(const broadcast_args_params *p, const int64_t *a,
                                      const int64_t *b, int64_t *y) {
    MOTES_BROADCAST_ARGS
}

#undef MOTES_BROADCAST_ARGS

#endif
