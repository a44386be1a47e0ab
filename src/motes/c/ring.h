/* ring.h: items on their way from one writer to one reader, who takes windows. The writer may be an interrupt.

   Counts run modulo 2^32 and are only ever subtracted, so they may wrap. `start` is the first item of the next window:
   it may lie ahead of `written` where windows leave gaps. */
#ifndef MOTES_RING_H
#define MOTES_RING_H

#include "motes.h"

typedef struct {
    uint32_t item_bytes, capacity, length, stride; /* all but the first in items */
} motes_ring_shape;

typedef struct {
    volatile uint32_t written; /* items ever written */
    volatile uint32_t start;   /* of the next window, counted like `written` */
    uint32_t head, tail;       /* where `written` and `start` lie in the memory, in items */
    uint32_t dropped;          /* items that found no room */
} motes_ring;

/* Whether the next window is complete. */
MOTES_INLINE int motes_ring_due(const motes_ring_shape *p, const motes_ring *r) {
    return (int32_t)(r->written - r->start) >= (int32_t)p->length;
}

/* Adds `count` items, count <= capacity, or drops them all where they would run over an unread window. */
static inline void motes_ring_write(const motes_ring_shape *p, motes_ring *r, uint8_t *memory,
                                    const void *items, uint32_t count) {
    const int32_t waiting = (int32_t)(r->written - r->start);
    if (count > p->capacity - (uint32_t)motes_max(waiting, 0)) {
        r->dropped += count;
        return;
    }
    const uint32_t first = p->capacity - r->head < count ? p->capacity - r->head : count;
    const uint8_t *x = (const uint8_t *)items;
    motes_copy(memory + r->head * p->item_bytes, x, first * p->item_bytes);
    motes_copy(memory, x + first * p->item_bytes, (count - first) * p->item_bytes);
    r->head = first < count ? count - first : r->head + count == p->capacity ? 0 : r->head + count;
    r->written = r->written + count;
}

/* Copies the next window, which is complete, and moves on. */
static inline void motes_ring_read(const motes_ring_shape *p, motes_ring *r, const uint8_t *memory,
                                   uint8_t *window) {
    const uint32_t ahead = p->capacity - r->tail, first = ahead < p->length ? ahead : p->length;
    motes_copy(window, memory + r->tail * p->item_bytes, first * p->item_bytes);
    motes_copy(window + first * p->item_bytes, memory, (p->length - first) * p->item_bytes);
    r->tail = (r->tail + p->stride) % p->capacity;
    r->start = r->start + p->stride;
}

#endif
