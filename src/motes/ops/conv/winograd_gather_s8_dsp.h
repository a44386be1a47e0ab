/* winograd_gather_s8_dsp.h: pixels of channels in fours, filled and copied by words. */
#ifndef MOTES_WINOGRAD_GATHER_S8_DSP_H
#define MOTES_WINOGRAD_GATHER_S8_DSP_H

#include "motes.h"

static MOTES_NOINLINE void winograd_fill_s8_dsp(int8_t *to, uint8_t value, int32_t bytes) {
    const uint32_t word = value * UINT32_C(0x01010101);
    motes_word *y = (motes_word *)to;
    for (; bytes >= 16; bytes -= 16, y += 4)
        y[0] = word, y[1] = word, y[2] = word, y[3] = word;
    for (; bytes; bytes -= 4)
        *y++ = word;
}

static MOTES_NOINLINE void winograd_copy_s8_dsp(int8_t *to, const int8_t *from, int32_t bytes) {
    motes_word *y = (motes_word *)to;
    const motes_word *x = (const motes_word *)from;
    for (; bytes >= 16; bytes -= 16, x += 4, y += 4) {
        const uint32_t w0 = x[0], w1 = x[1], w2 = x[2], w3 = x[3];
        y[0] = w0, y[1] = w1, y[2] = w2, y[3] = w3;
    }
    for (; bytes; bytes -= 4)
        *y++ = *x++;
}

#endif
