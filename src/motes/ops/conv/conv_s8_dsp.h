/* conv_s8_dsp.h: two-dimensional convolution of int8 for Cortex-M4.

   As conv_s8.h, for one group, or for a depthwise convolution of one input channel. It finds where
   windows lie; conv_fours_s8_dsp.h does the rest, four pixels at a time.

   A window is a grid of filter_h x columns runs of `run` bytes that lie together in x: with
   dilation_w 1 a run is a whole row of the filter, otherwise one pixel. Columns are `across` bytes
   apart, rows are `down` bytes. Four windows that do not lie inside, side by side, are copied
   first, with x's zero point for what is not there, their rows copied_down bytes apart; where that
   is 0 there is no padding. A small image (raw_h not 0) is copied whole, to (raw_top, raw_left) of
   in_h x in_w, so that no window reaches outside.
   Windows of one pixel at stride 1 are one row.

   stream, skipped, shift: see conv_fours_s8_dsp.h.

   scratch: 12 * steps bytes for four expanded windows, then what is copied: an image, or four
   windows. In place: y may be x where windows are one pixel, at stride 1, and out_ch <= in_ch: four
   windows are read before their outputs are written. */
#ifndef MOTES_CONV_S8_DSP_H
#define MOTES_CONV_S8_DSP_H

#include "conv_fours_s8_dsp.h"
#include "conv_gather_s8_dsp.h"
#include "motes.h"

/* Layers are many: what is small has 16 bits or 8. */
typedef struct {
    int32_t in_h, in_w, out_h, out_w, down, offset;
    const int32_t *stream;
    int16_t batches, in_ch, out_ch, raw_h, raw_w, reach_w, run, across, copied_down, steps;
    int8_t stride_h, stride_w, dilation_h, filter_h, columns, pad_top, pad_left, raw_top, raw_left;
    int8_t in_zero, low, high, skipped, shift;
} conv_s8_dsp_params;

/* Rows and columns, from 0 on, where a window that begins there lies inside. */
MOTES_INLINE int32_t conv_s8_dsp_whole_h(const conv_s8_dsp_params *p) {
    return p->in_h - (p->filter_h - 1) * p->dilation_h;
}
MOTES_INLINE int32_t conv_s8_dsp_whole_w(const conv_s8_dsp_params *p) {
    return p->in_w - p->reach_w + 1;
}

/* Copies `pixels` pixels of a row of `width`, from column `left` on, with the zero point for what
 * is not there. */
static MOTES_NOINLINE void conv_s8_dsp_copy(const conv_s8_dsp_params *p, const int8_t *row,
                                            int32_t width, int32_t left, int32_t pixels,
                                            int8_t *to) {
    conv_gather_s8_dsp(to, row, width, left, pixels, p->in_ch,
                       (uint8_t)p->in_zero * UINT32_C(0x01010101));
}

/* Where n windows lie, 1 to 4, from (top, left) on, and the first again for those that lack;
 * `column` windows are left in the row of the first. They are copied where there is padding.
 * Returns the bytes from row to row. */
static MOTES_NOINLINE int32_t conv_s8_dsp_find(const conv_s8_dsp_params *p, const int8_t *x,
                                               int32_t top, int32_t left, int32_t column, int32_t n,
                                               int8_t *copied, const int8_t **four) {
    int32_t end = motes_min(column, n), k = 0;
    while (k < n) {
        /* The windows k to `end` are side by side. */
        const int32_t pixels = (end - k - 1) * p->stride_w + p->reach_w;
        const int8_t *from = x + (top * p->in_w + left) * p->in_ch;
        if (p->copied_down) {
            for (int32_t i = 0, at = top; i < p->filter_h; i++, at += p->dilation_h)
                conv_s8_dsp_copy(p, x + at * p->in_w * p->in_ch,
                                 at >= 0 && at < p->in_h ? p->in_w : 0, left, pixels,
                                 copied + i * p->copied_down);
            from = copied;
            copied += pixels * p->in_ch;
        }
        for (; k < end; k++, from += p->stride_w * p->in_ch)
            four[k] = from;
        top += p->stride_h;
        left = -p->pad_left;
        end = motes_min(end + p->out_w, n);
    }
    for (; k < 4; k++)
        four[k] = four[0];
    return p->copied_down ? p->copied_down : p->down;
}

/* One image. */
static inline void conv_s8_dsp_image(const conv_s8_dsp_params *p, const int8_t *x, int8_t *y,
                                     uint32_t *expanded, int8_t *copied) {
    conv_fours_s8_dsp_job job;
    job.expanded_end = expanded + 3 * p->steps - (p->shift != 12);
    job.second = p->out_ch;
    job.fourth = 3 * p->out_ch;
    const int32_t words = 2 + p->steps + (p->shift ? 3 : 6); /* of a block */
    job.stream_end = p->stream + (p->out_ch + 1) / 2 * words - (p->out_ch & 1);
    job.skipped = p->skipped;
    job.shift = p->shift;
    job.offset = p->offset;
    job.expanded = expanded;
    job.stream = p->stream;
    job.run = p->run;
    job.runs = p->columns > 1 ? p->columns : p->filter_h;
    job.rows = p->columns > 1 ? p->filter_h : 1;
    job.step = 4 * p->stride_w * p->in_ch;
    int32_t top = -p->pad_top, left = -p->pad_left, column = p->out_w;
    for (int32_t pixels = p->out_h * p->out_w; pixels > 0;) {
        const int32_t n = motes_min(pixels, 4);
        int32_t down = p->down;
        job.y = y;
        job.fours = 0; /* of windows that lie inside, side by side */
        const int32_t ahead = conv_s8_dsp_whole_w(p) - left;
        if (top >= 0 && top < conv_s8_dsp_whole_h(p) && left >= 0 && ahead > 0)
            job.fours = motes_min(column, (ahead - 1) / p->stride_w + 1) / 4;
        if (job.fours > 0) {
            job.x[0] = x + (top * p->in_w + left) * p->in_ch;
            for (int32_t k = 1; k < 4; k++)
                job.x[k] = job.x[k - 1] + p->stride_w * p->in_ch;
        } else {
            job.fours = 1;
            down = conv_s8_dsp_find(p, x, top, left, column, n, copied, job.x);
        }
        job.pitch = (p->columns > 1 ? p->across : down) - (p->run & ~3);
        job.down = down - p->columns * p->across;
        if (n < 4)
            conv_fours_s8_dsp_last(&job, n, p->out_ch);
        conv_fours_s8_dsp(&job);
        const int32_t made = motes_min(4 * job.fours, pixels);
        if (p->low > -128 || p->high < 127)
            for (int32_t i = 0; i < made * p->out_ch; i++)
                y[i] = (int8_t)motes_clamp(y[i], p->low, p->high);
        y += made * p->out_ch;
        pixels -= made;
        left += made * p->stride_w;
        for (column -= made; column <= 0; column += p->out_w) {
            left -= p->out_w * p->stride_w;
            top += p->stride_h;
        }
    }
}

static inline void conv_s8_dsp(const conv_s8_dsp_params *p, const int8_t *x, int8_t *y,
                               void *scratch) {
    uint32_t *const expanded = (uint32_t *)scratch;
    int8_t *const copied = (int8_t *)(expanded + 3 * p->steps);
    const int32_t image = (p->raw_h ? p->raw_h * p->raw_w : p->in_h * p->in_w) * p->in_ch;
    for (int32_t b = 0; b < p->batches; b++, x += image) {
        if (p->raw_h)
            for (int32_t i = 0; i < p->in_h; i++) {
                const int32_t row = i - p->raw_top;
                const int32_t width = row >= 0 && row < p->raw_h ? p->raw_w : 0;
                conv_s8_dsp_copy(p, x + row * p->raw_w * p->in_ch, width, -p->raw_left, p->in_w,
                                 copied + i * p->in_w * p->in_ch);
            }
        conv_s8_dsp_image(p, p->raw_h ? copied : x, y, expanded, copied);
        y += p->out_h * p->out_w * p->out_ch;
    }
}

#endif
