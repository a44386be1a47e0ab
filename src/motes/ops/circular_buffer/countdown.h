/* countdown.h: whether one execution of a period is `left`, and how many are left next time. */
#ifndef MOTES_COUNTDOWN_H
#define MOTES_COUNTDOWN_H

#include "motes.h"

typedef struct {
    int32_t period;
} countdown_params;

static inline void countdown(const countdown_params *p, const int32_t *left, uint8_t *due,
                             int32_t *next) {
    *due = (uint8_t)(*left == 1);
    *next = *left == 1 ? p->period : *left - 1;
}

#endif
