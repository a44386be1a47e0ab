/* table_s8.h: any function of one byte, by a table; for int8 and uint8. y may share x's address. */
#ifndef MOTES_TABLE_S8_H
#define MOTES_TABLE_S8_H

#include "motes.h"

typedef struct {
    int32_t count;
    const uint8_t *table; /* 256 outputs, by the input's bits */
} table_s8_params;

static inline void table_s8(const table_s8_params *p, const void *x, void *y) {
    const uint8_t *from = (const uint8_t *)x, *table = p->table;
    uint8_t *to = (uint8_t *)y;
    int32_t left = p->count;
    for (; left >= 4; left -= 4, from += 4, to += 4) {
        const uint32_t four = *(const motes_word *)from;
        const uint32_t low = table[four & 255] | (uint32_t)table[four >> 8 & 255] << 8;
        const uint32_t high = table[four >> 16 & 255] | (uint32_t)table[four >> 24] << 8;
        *(motes_word *)to = low | high << 16;
    }
    for (; left > 0; left--)
        *to++ = table[*from++];
}

#endif
