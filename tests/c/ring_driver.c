/* ring_driver.c: one ring, driven from a test. Items are 32-bit words. */
#include "ring.h"

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

enum { MOST = 1 << 12 };

static motes_ring_shape shape;
static motes_ring ring;
static uint8_t memory[MOST * 4];
static uint64_t stamps[MOST];

/* A ring as it is after `windows` windows, all of them taken, and a gap; `early` items are there.
 */
EXPORT void driver_start(uint32_t capacity, uint32_t length, uint32_t stride, uint32_t slots,
                         uint32_t windows, uint32_t whole, uint32_t early) {
    shape.item_bytes = 4;
    shape.capacity = capacity;
    shape.length = length;
    shape.stride = stride;
    shape.slots = slots;
    shape.whole = whole;
    ring.taken = ring.complete = windows;
    ring.written = windows * stride + early;
    ring.head = early;
    motes_zero(memory, sizeof memory);
    ring.tail = ring.dropped = ring.row = 0;
}

EXPORT void driver_write(const uint32_t *items, uint32_t count, uint64_t time) {
    motes_ring_write(&shape, &ring, memory, stamps, items, count, time);
}

EXPORT void driver_break(void) {
    motes_ring_break(&ring);
}

EXPORT int driver_due(void) {
    return motes_ring_due(&ring);
}

EXPORT uint64_t driver_read(uint32_t *window) {
    return motes_ring_read(&shape, &ring, memory, stamps, (uint8_t *)window);
}

EXPORT uint32_t driver_dropped(void) {
    return ring.dropped;
}
