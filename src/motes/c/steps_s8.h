/* steps_s8.h: a rising or falling function of one byte, by the places where its output changes: in
   a loop whose rounds differ in the input's scale, one table serves all of them. y may share x's
   address. */
#ifndef MOTES_STEPS_S8_H
#define MOTES_STEPS_S8_H

#include "motes.h"

typedef struct {
    int32_t count;
    int32_t zero;   /* of x */
    int32_t factor; /* (x - zero) * factor / 256 is in units that are the same in all rounds */
    int32_t first;  /* output before the first step */
    int32_t rise;   /* 1 or -1 with each step */
    const int32_t *places; /* 255, of the steps, rising; those behind the last are INT32_MAX */
} steps_s8_params;

static inline void steps_s8(const steps_s8_params *p, const int8_t *x, int8_t *y) {
    for (int32_t i = 0; i < p->count; i++) {
        const int32_t at = (int32_t)((int64_t)(x[i] - p->zero) * p->factor >> 8);
        const int32_t *place = p->places;
        for (int32_t half = 128; half; half >>= 1)
            if (place[half - 1] <= at)
                place += half;
        y[i] = (int8_t)(p->first + p->rise * (int32_t)(place - p->places));
    }
}

#endif
