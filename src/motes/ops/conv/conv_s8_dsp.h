/* conv_s8_dsp.h: two-dimensional convolution of int8 for Cortex-M4, windows expanded to int16 two
   pixels at a time.

   As conv_s8.h, for one group, or for a depthwise convolution of one input channel. A window is a
   grid of `rows` x `columns` runs of `run` bytes that lie together in x: with dilation_w 1 a run is
   a whole row of the filter, otherwise one pixel. Windows that reach outside x are first copied
   together with its zero point around them.

   scratch: 8 * steps bytes for two expanded windows, then rows * columns * run bytes where a window
   can reach outside. In place: y may be x where the window is one pixel, stride 1, and out_ch <=
   in_ch: both windows are read before their outputs are written. stream: see conv_blocks_s8_dsp.h;
   `full` words of it make blocks of four channels, then come the `rest` last channels, if any, in a
   block of their own. `skipped` steps of the unrolled loop are left out at first. */
#ifndef MOTES_CONV_S8_DSP_H
#define MOTES_CONV_S8_DSP_H

#include "conv_blocks_s8_dsp.h"
#include "motes.h"
#include <arm_acle.h>

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, out_ch;
    int32_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
    int32_t in_zero, low, high;
    int32_t rows, columns, run, run_pixels, steps, skipped, shift, full, rest, words;
    const int32_t *stream;
} conv_s8_dsp_params;

/* Expands n bytes to int16 in the order of the packed weights; `to` takes every second word. */
static inline uint32_t *conv_s8_dsp_expand(const int8_t *x, int32_t n, uint32_t *to) {
    for (; n >= 4; n -= 4, x += 4, to += 4) {
        const uint32_t four = *(const motes_word *)x;
        to[0] = (uint32_t)__sxtb16(four);
        to[2] = (uint32_t)__sxtb16(four >> 8 | four << 24);
    }
    if (n == 0)
        return to;
    if (n == 3) {
        to[0] = (uint16_t)x[0] | (uint32_t)x[2] << 16;
        to[2] = (uint16_t)x[1];
        return to + 4;
    }
    to[0] = n == 1 ? (uint16_t)x[0] : (uint16_t)x[0] | (uint32_t)x[1] << 16;
    return to + 2;
}

/* Copies the window at (top, left) together, with the zero point for what lies outside x. */
static inline void conv_s8_dsp_gather(const conv_s8_dsp_params *p, const int8_t *x, int32_t top,
                                      int32_t left, int8_t *to) {
    for (int32_t i = 0; i < p->rows; i++) {
        const int32_t row = top + i * p->dilation_h;
        for (int32_t j = 0; j < p->columns; j++) {
            const int32_t column = left + j * p->dilation_w;
            const int32_t from = motes_clamp(-column, 0, p->run_pixels) * p->in_ch;
            const int32_t end = motes_clamp(p->in_w - column, 0, p->run_pixels) * p->in_ch;
            const int outside = row < 0 || row >= p->in_h || from >= end;
            int32_t k = 0;
            for (; k < (outside ? p->run : from); k++)
                *to++ = (int8_t)p->in_zero;
            if (outside)
                continue;
            motes_copy(to, x + (row * p->in_w + column) * p->in_ch + from, (uint32_t)(end - from));
            for (to += end - from, k = end; k < p->run; k++)
                *to++ = (int8_t)p->in_zero;
        }
    }
}

/* Expands the window at (top, left) into every second word of `to`. */
static inline void conv_s8_dsp_window(const conv_s8_dsp_params *p, const int8_t *x, int32_t top,
                                      int32_t left, uint32_t *to, int8_t *gathered) {
    const int32_t below = top + (p->rows - 1) * p->dilation_h;
    const int32_t right = left + (p->columns - 1) * p->dilation_w + p->run_pixels;
    int32_t down = p->dilation_h * p->in_w * p->in_ch, across = p->dilation_w * p->in_ch;
    if (top < 0 || left < 0 || below >= p->in_h || right > p->in_w) {
        conv_s8_dsp_gather(p, x, top, left, gathered);
        x = gathered;
        down = p->columns * p->run;
        across = p->run;
    } else {
        x += (top * p->in_w + left) * p->in_ch;
    }
    for (int32_t i = 0; i < p->rows; i++, x += down)
        for (int32_t j = 0; j < p->columns; j++)
            to = conv_s8_dsp_expand(x + j * across, p->run, to);
}

/* All output channels of two pixels; the second one's lie `second` bytes behind. */
static inline void conv_s8_dsp_outputs(const conv_s8_dsp_params *p, const uint32_t *expanded,
                                       int8_t *y, uint32_t second) {
    const uint32_t *end = expanded + 2 * p->steps;
    const int32_t *full = p->stream + p->full;
    if (p->full)
        conv_blocks_s8_dsp(expanded, p->stream, y, second, full, end, p->skipped, p->shift);
    if (p->rest) {
        int8_t last[8];
        conv_blocks_s8_dsp(expanded, full, last, 4, p->stream + p->words, end, p->skipped,
                           p->shift);
        y += p->out_ch - p->rest;
        for (int32_t c = 0; c < p->rest; c++) {
            y[(int32_t)second + c] = last[4 + c];
            y[c] = last[c];
        }
        y -= p->out_ch - p->rest;
    }
    if (p->low > -128 || p->high < 127)
        for (int32_t c = 0; c < p->out_ch; c++) {
            y[(int32_t)second + c] = (int8_t)motes_clamp(y[(int32_t)second + c], p->low, p->high);
            y[c] = (int8_t)motes_clamp(y[c], p->low, p->high);
        }
}

static inline void conv_s8_dsp(const conv_s8_dsp_params *p, const int8_t *x, int8_t *y,
                               void *scratch) {
    uint32_t *const expanded = (uint32_t *)scratch;
    int8_t *const gathered = (int8_t *)(expanded + 2 * p->steps);
    uint32_t lane = 0;
    for (int32_t b = 0; b < p->batches; b++, x += p->in_h * p->in_w * p->in_ch)
        for (int32_t i = 0; i < p->out_h; i++)
            for (int32_t j = 0; j < p->out_w; j++) {
                conv_s8_dsp_window(p, x, i * p->stride_h - p->pad_top,
                                   j * p->stride_w - p->pad_left, expanded + lane, gathered);
                lane ^= 1;
                if (lane)
                    continue;
                conv_s8_dsp_outputs(p, expanded, y, (uint32_t)p->out_ch);
                y += 2 * p->out_ch;
            }
    if (lane)
        conv_s8_dsp_outputs(p, expanded, y, 0);
}

#endif
