/* signal_line.h: the last samples of a stream, oldest first, and what is made of them.

   Memory is copied to where it is kept for the next execution, if that is elsewhere, and changed
   there. */
#ifndef MOTES_SIGNAL_LINE_H
#define MOTES_SIGNAL_LINE_H

#include "motes.h"

MOTES_INLINE void signal_keep(int16_t *after, const int16_t *before, int32_t count) {
    if (after != before)
        motes_copy(after, before, 2 * (uint32_t)count);
}

/* Samples to an earlier place, which may overlap. */
MOTES_INLINE void signal_move(int16_t *y, const int16_t *x, int32_t count) {
    for (int32_t i = 0; i < count; i++)
        y[i] = x[i];
}

/* The first `size` samples of a line and of those that follow it. */
MOTES_INLINE void signal_take(int16_t *y, int32_t size, const int16_t *line, int32_t length,
                              const int16_t *x) {
    const int32_t old = motes_min(size, length);
    motes_copy(y, line, 2 * (uint32_t)old);
    motes_copy(y + old, x, 2 * (uint32_t)(size - old));
}

/* Forgets the `count` oldest samples, and appends as many. */
MOTES_INLINE void signal_advance(int16_t *line, int32_t length, const int16_t *x, int32_t count) {
    const int32_t stay = motes_max(length - count, 0), come = length - stay;
    signal_move(line, line + count, stay);
    motes_copy(line + stay, x + count - come, 2 * (uint32_t)come);
}

/* ------------------------------------------------------------------------------------- framer */

typedef struct {
    int32_t outer, frames, size, step;
    int32_t length; /* of each line */
} signal_framer_params;

/* x: (outer, frames * step); y: (outer, frames, size), zero where a frame is not complete. The
   memory is how many frames are still to come before the first one is complete, and the lines. */
static inline void signal_framer(const signal_framer_params *p, const int16_t *x,
                                 const int16_t *before, int16_t *y, uint8_t *valid,
                                 int16_t *after) {
    signal_keep(after, before, 1 + p->outer * p->length);
    int16_t *line = after + 1;
    int32_t missing = after[0];
    for (int32_t o = 0; o < p->outer; o++, line += p->length) {
        missing = after[0];
        for (int32_t frame = 0; frame < p->frames; frame++, x += p->step, y += p->size) {
            if (missing)
                motes_zero(y, 2 * (uint32_t)p->size);
            else
                signal_take(y, p->size, line, p->length, x);
            missing -= missing > 0;
            signal_advance(line, p->length, x, p->step);
        }
    }
    *valid = after[0] == 0;
    after[0] = (int16_t)missing;
}

/* -------------------------------------------------------------------------------------- delay */

typedef struct {
    int32_t outer, size;
    int32_t length; /* of each line: by so many samples the stream is late */
} signal_delay_params;

/* x, y: (outer, size) */
static inline void signal_delay(const signal_delay_params *p, const int16_t *x,
                                const int16_t *before, int16_t *y, int16_t *after) {
    signal_keep(after, before, p->outer * p->length);
    for (int32_t o = 0; o < p->outer; o++, x += p->size, y += p->size, after += p->length) {
        signal_take(y, p->size, after, p->length, x);
        signal_advance(after, p->length, x, p->size);
    }
}

/* ------------------------------------------------------------------------------------ stacker */

typedef struct {
    int32_t channels;
    int32_t left; /* how often the first vector is there in front of itself */
    int32_t size; /* vectors in a stack */
    int32_t step; /* vectors from one stack to the next */
} signal_stacker_params;

/* x: (channels); y: (size * channels), the last complete stack, zero before the first one. The
   memory is how many vectors are held, whether one ever came, and the vectors: a complete stack,
   and up to `step` behind it. */
static inline void signal_stacker(const signal_stacker_params *p, const int16_t *x,
                                  const int16_t *before, int16_t *y, uint8_t *valid,
                                  int16_t *after) {
    const int32_t count = p->size * p->channels, step = p->step * p->channels;
    signal_keep(after, before, 2 + count + step);
    int16_t *line = after + 2;
    for (int32_t i = after[1] ? p->left : 0; i <= p->left; i++, after[0]++)
        motes_copy(line + after[0] * p->channels, x, 2 * (uint32_t)p->channels);
    after[1] = 1;
    if (after[0] == p->size + p->step) {
        signal_move(line, line + step, count);
        after[0] = (int16_t)p->size;
    }
    *valid = after[0] == p->size;
    if (after[0] < p->size)
        motes_zero(y, 2 * (uint32_t)count);
    else
        motes_copy(y, line, 2 * (uint32_t)count);
}

#endif
