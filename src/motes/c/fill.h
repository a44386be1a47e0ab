/* fill.h: one element of any size, again and again. */
#ifndef MOTES_FILL_H
#define MOTES_FILL_H

#include "motes.h"

/* Fills `bytes` bytes at y, which is aligned to 8, with an element of 1, 2, 4 or 8 bytes. */
MOTES_INLINE void motes_fill(void *y, uint32_t bytes, const void *value, uint32_t size) {
    uint8_t pattern[8];
    for (uint32_t i = 0; i < 8; i++)
        pattern[i] = ((const uint8_t *)value)[i & (size - 1)];
    const uint32_t low = *(const motes_word *)pattern, high = *(const motes_word *)(pattern + 4);
    uint8_t *to = (uint8_t *)y;
    for (; bytes >= 8; bytes -= 8, to += 8) {
        *(motes_word *)to = low;
        *(motes_word *)(to + 4) = high;
    }
    for (uint32_t i = 0; i < bytes; i++)
        to[i] = pattern[i];
}

#endif
