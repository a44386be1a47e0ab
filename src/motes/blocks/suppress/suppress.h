/* suppress.h: after a decision that reports a label, those that follow report none for a while.

   x and y, which may be one buffer, are (2): label or -1, score. wait and wait_next, which may be
   one buffer, count the decisions still to be silenced. */
#ifndef MOTES_SUPPRESS_H
#define MOTES_SUPPRESS_H

#include "motes.h"

typedef struct {
    int32_t silent; /* decisions after a reported one */
} suppress_params;

static inline void suppress(const suppress_params *p, const int32_t *x, const int32_t *wait,
                            int32_t *y, int32_t *wait_next) {
    const int32_t label = x[0], left = *wait;
    y[0] = left > 0 ? -1 : label;
    y[1] = x[1];
    *wait_next = left > 0 ? left - 1 : label >= 0 ? p->silent : 0;
}

#endif
