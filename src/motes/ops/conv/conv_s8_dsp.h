/* conv_s8_dsp.h: two-dimensional convolution of int8 for Cortex-M4.

   As conv_s8.h, for one group, or for a depthwise convolution of one input channel. Windows are
   expanded to int16, two pixels at a time, and multiplied by conv_blocks_s8_dsp.h.

   A window is a grid of `rows` x `columns` runs of `run` bytes that lie together in x: with
   dilation_w 1 a run is a whole row of the filter, otherwise one pixel. A window that reaches
   outside x is first copied together, with x's zero point for what is not there; a small image
   (raw_h not 0) is copied together whole, at (raw_top, raw_left) of in_h x in_w, so that no window
   reaches outside. flat: all pixels of all images where a window is one pixel at stride 1, else 0.

   stream: see conv_blocks_s8_dsp.h; `full` words of it make blocks of four channels, then come the
   `rest` last channels, if any, in a block of their own, up to `words`. `skipped` steps of the
   unrolled loop are left out at first.

   scratch: 8 * steps bytes for two expanded windows, then what is copied together: an image, or
   two windows. In place: y may be x where flat and out_ch <= in_ch: both windows are read before
   their outputs are written.

   Cycles/MAC, modelled, of shapes of the MLPerf Tiny models: 1x1 of 64 to 64 1.17, of 128 to 128
   1.05, of 32 to 32 1.40, of 16 to 32 1.81, of 8 to 16 3.0; 3x3 of 64 to 64 1.04, of 16 to 16 1.24,
   of 3 to 8 at stride 2 2.4; 10x4 of 1 to 64 1.37. */
#ifndef MOTES_CONV_S8_DSP_H
#define MOTES_CONV_S8_DSP_H

#include "conv_blocks_s8_dsp.h"
#include "conv_expand_s8_dsp.h"
#include "motes.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, out_ch;
    int32_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
    int32_t flat, raw_h, raw_w, raw_top, raw_left;
    int32_t rows, columns, run, run_pixels, row_words;
    int32_t in_zero, low, high, steps, skipped, shift, full, rest, words;
    const int32_t *stream;
} conv_s8_dsp_params;

/* Copies rows x columns runs of some pixels together, from (top, left) of an image of h x w. `to`
 * holds whole words. */
static MOTES_NOINLINE void conv_s8_dsp_gather(const conv_s8_dsp_params *p, const int8_t *x,
                                              int32_t h, int32_t w, int32_t top, int32_t left,
                                              int32_t rows, int32_t columns, int32_t pixels,
                                              int8_t *to) {
    const int32_t run = pixels * p->in_ch;
    motes_word *const words = (motes_word *)to;
    for (int32_t i = 0; i < (rows * columns * run + 3) / 4; i++)
        words[i] = (uint8_t)p->in_zero * 0x01010101u;
    for (int32_t i = 0; i < rows; i++, top += p->dilation_h)
        for (int32_t j = 0; j < columns; j++, to += run) {
            const int32_t column = left + j * p->dilation_w;
            const int32_t from = motes_max(-column, 0), end = motes_min(w - column, pixels);
            if (top >= 0 && top < h && from < end)
                motes_copy(to + from * p->in_ch, x + (top * w + column + from) * p->in_ch,
                           (uint32_t)((end - from) * p->in_ch));
        }
}

/* A window where it begins, and the way from one of its runs to the next. */
typedef struct {
    const int8_t *x;
    uint32_t down, across;
} conv_s8_dsp_window;

/* Expands two windows. */
static inline void conv_s8_dsp_expand(const conv_s8_dsp_params *p, conv_s8_dsp_window a,
                                      conv_s8_dsp_window b, uint32_t *to) {
    const uint32_t run = (uint32_t)p->run, rows = (uint32_t)p->rows;
    if (p->columns == 1)
        conv_expand_s8_dsp(a.x, b.x, to, run, rows, a.down, b.down);
    else
        for (uint32_t i = 0; i < rows; i++, a.x += a.down, b.x += b.down, to += p->row_words)
            conv_expand_s8_dsp(a.x, b.x, to, run, (uint32_t)p->columns, a.across, b.across);
}

/* All output channels of two pixels; the second one's lie `second` bytes behind. */
static inline void conv_s8_dsp_outputs(const conv_s8_dsp_params *p, const uint32_t *expanded,
                                       int8_t *y, uint32_t second) {
    const uint32_t *const end = expanded + 2 * p->steps;
    const int32_t *const full = p->stream + p->full;
    if (p->full)
        conv_blocks_s8_dsp(expanded, p->stream, y, second, full, end, p->skipped, p->shift);
    if (p->rest) {
        int8_t last[8], *const to = y + p->out_ch - p->rest;
        conv_blocks_s8_dsp(expanded, full, last, 4, p->stream + p->words, end, p->skipped,
                           p->shift);
        for (int32_t c = 0; c < p->rest; c++) {
            to[second + (uint32_t)c] = last[4 + c];
            to[c] = last[c];
        }
    }
    if (p->low > -128 || p->high < 127)
        for (uint32_t c = 0; c < (uint32_t)p->out_ch; c++) {
            y[second + c] = (int8_t)motes_clamp(y[second + c], p->low, p->high);
            y[c] = (int8_t)motes_clamp(y[c], p->low, p->high);
        }
}

/* All pixels of all images, as one row: a window is one pixel, stride 1. */
static inline void conv_s8_dsp_flat(const conv_s8_dsp_params *p, const int8_t *x, int8_t *y,
                                    uint32_t *expanded) {
    const int32_t in_ch = p->in_ch, out_ch = p->out_ch;
    int32_t n = p->flat;
    for (; n > 1; n -= 2, x += 2 * in_ch, y += 2 * out_ch) {
        conv_expand_s8_dsp(x, x + in_ch, expanded, (uint32_t)in_ch, 1, 0, 0);
        conv_s8_dsp_outputs(p, expanded, y, (uint32_t)out_ch);
    }
    if (n) {
        conv_expand_s8_dsp(x, x, expanded, (uint32_t)in_ch, 1, 0, 0);
        conv_s8_dsp_outputs(p, expanded, y, 0);
    }
}

/* One image. */
static inline void conv_s8_dsp_image(const conv_s8_dsp_params *p, const int8_t *x, int8_t *y,
                                     uint32_t *expanded, int8_t *gathered) {
    const int32_t bytes = p->rows * p->columns * p->run;
    const int32_t last_top = p->in_h - 1 - (p->rows - 1) * p->dilation_h;
    const int32_t last_left = p->in_w - (p->columns - 1) * p->dilation_w - p->run_pixels;
    const conv_s8_dsp_window inside = {x, (uint32_t)(p->dilation_h * p->in_w * p->in_ch),
                                       (uint32_t)(p->dilation_w * p->in_ch)};
    const conv_s8_dsp_window copied = {gathered, (uint32_t)(p->columns * p->run), (uint32_t)p->run};
    conv_s8_dsp_window first = inside;
    int second = 0;
    for (int32_t i = 0, top = -p->pad_top; i < p->out_h; i++, top += p->stride_h)
        for (int32_t j = 0, left = -p->pad_left; j < p->out_w; j++, left += p->stride_w) {
            conv_s8_dsp_window window = inside;
            if (top >= 0 && top <= last_top && left >= 0 && left <= last_left) {
                window.x += (top * p->in_w + left) * p->in_ch;
            } else {
                window = copied;
                window.x += second * bytes;
                conv_s8_dsp_gather(p, x, p->in_h, p->in_w, top, left, p->rows, p->columns,
                                   p->run_pixels, gathered + second * bytes);
            }
            second ^= 1;
            if (second) {
                first = window;
                continue;
            }
            conv_s8_dsp_expand(p, first, window, expanded);
            conv_s8_dsp_outputs(p, expanded, y, (uint32_t)p->out_ch);
            y += 2 * p->out_ch;
        }
    if (second) {
        conv_s8_dsp_expand(p, first, first, expanded);
        conv_s8_dsp_outputs(p, expanded, y, 0);
    }
}

static inline void conv_s8_dsp(const conv_s8_dsp_params *p, const int8_t *x, int8_t *y,
                               void *scratch) {
    uint32_t *const expanded = (uint32_t *)scratch;
    int8_t *const gathered = (int8_t *)(expanded + 2 * p->steps);
    if (p->flat) {
        conv_s8_dsp_flat(p, x, y, expanded);
        return;
    }
    const int32_t image = (p->raw_h ? p->raw_h * p->raw_w : p->in_h * p->in_w) * p->in_ch;
    for (int32_t b = 0; b < p->batches; b++, x += image) {
        if (p->raw_h)
            conv_s8_dsp_gather(p, x, p->raw_h, p->raw_w, -p->raw_top, -p->raw_left, p->in_h, 1,
                               p->in_w, gathered);
        conv_s8_dsp_image(p, p->raw_h ? gathered : x, y, expanded, gathered);
        y += p->out_h * p->out_w * p->out_ch;
    }
}

#endif
