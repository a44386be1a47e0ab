/* table_s16.h: any function of an int16, by a table of 513 values and straight lines between them.
   y may share x's address. */
#ifndef MOTES_TABLE_S16_H
#define MOTES_TABLE_S16_H

#include "motes.h"

typedef struct {
    int32_t count;
    const int16_t *table; /* values at -32768, -32640, ..., 32768 */
} table_s16_params;

/* The slope wraps within int16, as in TensorFlow Lite. */
MOTES_INLINE int16_t motes_interpolated(int32_t x, const int16_t *table) {
    const int16_t *at = table + 256 + (x >> 7);
    const int32_t slope = (int16_t)(at[1] - at[0]);
    return (int16_t)(at[0] + ((slope * (x & 127) + 64) >> 7));
}

static inline void table_s16(const table_s16_params *p, const int16_t *x, int16_t *y) {
    for (int32_t i = 0; i < p->count; i++)
        y[i] = motes_interpolated(x[i], p->table);
}

#endif
