/* slide_rows.h: what is kept of x[0] moves to where it lies in y, which may be x[0]; then come new
   rows, from x[1] on. */
#ifndef MOTES_SLIDE_ROWS_H
#define MOTES_SLIDE_ROWS_H

#include "motes.h"

typedef struct {
    uint32_t to, from, bytes; /* of what is kept: places in y and in x[0], from not below to */
    uint32_t pieces;
    const uint32_t *at;    /* of each piece: where in y its first row goes, in bytes, */
    const uint32_t *step;  /* how far apart its rows lie there, */
    const uint32_t *first; /* where in the piece its first row lies, */
    const uint32_t *size;  /* bytes of what moves as one, */
    const uint32_t *count; /* and how often */
} slide_rows_params;

/* Upward in memory, each word read before it is written: `y` may lie inside of what follows x. */
MOTES_INLINE void motes_slide(uint8_t *y, const uint8_t *x, uint32_t bytes) {
    for (; bytes >= 16; bytes -= 16, x += 16, y += 16) {
        const motes_word *from = (const motes_word *)x;
        motes_word *to = (motes_word *)y;
        const uint32_t a = from[0], b = from[1], c = from[2], d = from[3];
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
    }
    for (; bytes; bytes--)
        *y++ = *x++;
}

static inline void slide_rows(const slide_rows_params *p, const void *const *x, void *y) {
    uint8_t *rows = (uint8_t *)y;
    motes_slide(rows + p->to, (const uint8_t *)x[0] + p->from, p->bytes);
    for (uint32_t i = 0; i < p->pieces; i++) {
        const uint8_t *piece = (const uint8_t *)x[1 + i] + p->first[i];
        uint8_t *to = rows + p->at[i];
        for (uint32_t k = 0; k < p->count[i]; k++, piece += p->size[i], to += p->step[i])
            motes_slide(to, piece, p->size[i]);
    }
}

#endif
