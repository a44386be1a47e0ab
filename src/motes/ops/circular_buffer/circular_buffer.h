/* circular_buffer.h: forgets the oldest of `slots` rows of `bytes` each, and appends x; `made` may
   be `old`. */
#ifndef MOTES_CIRCULAR_BUFFER_H
#define MOTES_CIRCULAR_BUFFER_H

#include "motes.h"

typedef struct {
    uint32_t slots, bytes;
} circular_buffer_params;

static inline void circular_buffer(const circular_buffer_params *p, const int8_t *x,
                                   const int8_t *old, int8_t *made) {
    for (uint32_t slot = 1; slot < p->slots; slot++, made += p->bytes) {
        old += p->bytes;
        motes_copy(made, old, p->bytes);
    }
    motes_copy(made, x, p->bytes);
}

#endif
