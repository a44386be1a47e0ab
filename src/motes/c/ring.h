/* ring.h: items on their way from one writer to one reader, who takes windows. The writer may be an
   interrupt handler, or another core: what one side publishes with a release, the other acquires.

   Window k holds the items from k * stride to k * stride + length, and is stamped with the time at
   which it was complete, and with MOTES_GAP where items are missing in it: fewer than `whole` in a
   row have come. A reader that keeps something of the windows before needs more in a row than the
   window holds. Counts run modulo 2^32 and are only ever subtracted, so they may wrap. */
#ifndef MOTES_RING_H
#define MOTES_RING_H

#include "motes.h"

/* Of a stamp. Items that are made of a window with a gap come with its stamp, and count as missing.
 */
#define MOTES_GAP (UINT64_C(1) << 63)

typedef struct {
    uint32_t item_bytes, capacity, length, stride; /* all but the first in items */
    uint32_t slots; /* for stamps: a power of two, as many as windows can wait, or more */
    uint32_t whole; /* items */
} motes_ring_shape;

typedef struct {
    uint32_t written;           /* items ever; the writer's alone, as are head and dropped */
    volatile uint32_t complete; /* windows ever, published by the writer */
    volatile uint32_t taken;    /* windows ever, published by the reader */
    uint32_t head;              /* where in the memory the next item goes, in items */
    uint32_t tail;              /* where the next window lies; the reader's alone */
    uint32_t dropped;           /* items that found no room */
    uint32_t row;               /* items written in a row, up to 2^31; the writer's */
} motes_ring;

/* Fences: for cores without atomic instructions, compilers turn atomic accesses into calls. */
MOTES_INLINE uint32_t motes_acquire(const volatile uint32_t *count) {
    const uint32_t found = *count;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return found;
}

MOTES_INLINE void motes_publish(volatile uint32_t *count, uint32_t value) {
    __atomic_thread_fence(__ATOMIC_RELEASE);
    *count = value;
}

static MOTES_NOINLINE void motes_ring_copy(uint8_t *restrict y, const uint8_t *restrict x,
                                           uint32_t bytes) {
    for (; bytes >= 16; bytes -= 16, x += 16, y += 16) {
        const motes_word *from = (const motes_word *)x;
        motes_word *to = (motes_word *)y;
        const uint32_t a = from[0], b = from[1], c = from[2], d = from[3];
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
    }
    motes_copy(y, x, bytes);
}

/* Whether a window waits. */
MOTES_INLINE int motes_ring_due(const motes_ring *r) {
    return motes_acquire(&r->complete) != r->taken;
}

/* What is written next does not follow on what was written last. */
MOTES_INLINE void motes_ring_break(motes_ring *r) {
    r->row = 0;
}

/* Adds `count` items that came at `time`, or drops them all where they would run over a window that
   waits. Where windows leave gaps, the next may begin with an item that is yet to come. */
static inline void motes_ring_write(const motes_ring_shape *p, motes_ring *r, uint8_t *memory,
                                    uint64_t *stamps, const void *items, uint32_t count,
                                    uint64_t time) {
    const uint32_t taken = motes_acquire(&r->taken);
    const int32_t waiting = (int32_t)(r->written - taken * p->stride);
    if (count > p->capacity - (uint32_t)motes_max(waiting, 0)) {
        r->dropped += count;
        motes_ring_break(r);
        return;
    }
    const uint8_t *x = (const uint8_t *)items;
    const uint32_t room = p->capacity - r->head, first = room < count ? room : count;
    motes_ring_copy(memory + r->head * p->item_bytes, x, first * p->item_bytes);
    motes_ring_copy(memory, x + first * p->item_bytes, (count - first) * p->item_bytes);
    r->head = count < room ? r->head + count : count - room;
    r->written += count;
    r->row = time & MOTES_GAP ? 0 : r->row < UINT32_C(1) << 31 ? r->row + count : r->row;
    uint32_t complete = r->complete;
    for (;; complete++) {
        const int32_t behind = (int32_t)(r->written - complete * p->stride) - (int32_t)p->length;
        if (behind < 0)
            break;
        const int gap = (int64_t)r->row - behind < (int64_t)p->whole;
        stamps[complete & (p->slots - 1)] = gap ? time | MOTES_GAP : time;
    }
    motes_publish(&r->complete, complete);
}

/* Copies the next window, which waits, moves on, and returns its stamp. */
static inline uint64_t motes_ring_read(const motes_ring_shape *p, motes_ring *r,
                                       const uint8_t *memory, const uint64_t *stamps,
                                       uint8_t *window) {
    const uint32_t room = p->capacity - r->tail, first = room < p->length ? room : p->length;
    motes_ring_copy(window, memory + r->tail * p->item_bytes, first * p->item_bytes);
    motes_ring_copy(window + first * p->item_bytes, memory, (p->length - first) * p->item_bytes);
    const uint64_t stamp = stamps[r->taken & (p->slots - 1)];
    r->tail = (r->tail + p->stride) % p->capacity;
    motes_publish(&r->taken, r->taken + 1);
    return stamp;
}

#endif
