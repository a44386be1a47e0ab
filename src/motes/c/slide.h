/* slide.h: moves bytes to a lower address, whatever they overlap. */
#ifndef MOTES_SLIDE_H
#define MOTES_SLIDE_H

#include "motes.h"

typedef uint32_t __attribute__((may_alias)) motes_slid; /* aligned, unlike motes_slid */

/* to[i] = to[by + i]. Both addresses, and `bytes`, are multiples of 8. */
static MOTES_NOINLINE void motes_slide(uint8_t *to, uint32_t by, uint32_t bytes) {
    const motes_slid *x = (const motes_slid *)(to + by);
    motes_slid *y = (motes_slid *)to;
    for (uint32_t n = bytes / 16; n; n--, x += 4, y += 4) {
        const uint32_t a = x[0], b = x[1], c = x[2],
                       d = x[3]; /* loads in a row take a cycle each */
        y[0] = a;
        y[1] = b;
        y[2] = c;
        y[3] = d;
    }
    if (bytes & 8) {
        const uint32_t a = x[0], b = x[1];
        y[0] = a;
        y[1] = b;
    }
}

#endif
