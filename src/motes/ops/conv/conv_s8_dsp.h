/* conv_s8_dsp.h: two-dimensional convolution of int8 for Cortex-M4.

   As conv_s8.h, for one group, or for a depthwise convolution of one input channel. Windows are
   expanded four pixels at a time, and multiplied by conv_blocks_s8_dsp.h.

   A window is a grid of filter_h x columns runs of `run` bytes that lie together in x: with
   dilation_w 1 a run is a whole row of the filter, otherwise one pixel. Columns are `across` bytes
   apart, rows are `down` bytes. A window lies inside x where it begins in whole_h rows and whole_w
   columns from 0 on. Four windows of which one reaches outside are copied first, with x's zero
   point for what is not there, their rows copied_down bytes apart; a small image (raw_h not 0) is
   copied whole, to (raw_top, raw_left) of in_h x in_w, so that no window reaches outside. Windows
   of one pixel at stride 1 are one row.

   stream: see conv_blocks_s8_dsp.h; `full` words of it make blocks of two channels, then comes the
   last channel of an odd number in a block of its own, up to `words`. `skipped` steps of the
   unrolled loop are left out at first. row_words: what a row of four windows is expanded to.

   scratch: 12 * steps bytes for four expanded windows, then what is copied: an image, or
   four windows. In place: y may be x where windows are one pixel, at stride 1, and
   out_ch <= in_ch: four windows are read before their outputs are written. */
#ifndef MOTES_CONV_S8_DSP_H
#define MOTES_CONV_S8_DSP_H

#include "conv_blocks_s8_dsp.h"
#include "conv_expand_s8_dsp.h"
#include "motes.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, out_ch;
    int32_t stride_h, stride_w, dilation_h, pad_top, pad_left, raw_h, raw_w, raw_top, raw_left;
    int32_t filter_h, reach_w, columns, run, across, down, copied_down, whole_h, whole_w;
    int32_t in_zero, low, high, steps, skipped, shift, full, words, row_words;
    const int32_t *stream;
} conv_s8_dsp_params;

/* Copies `pixels` pixels of a row of `width`, from column `left` on, with the zero point for what
 * is not there. */
static MOTES_NOINLINE void conv_s8_dsp_copy(const conv_s8_dsp_params *p, const int8_t *row,
                                            int32_t width, int32_t left, int32_t pixels,
                                            int8_t *to) {
    const int32_t from = motes_min(motes_max(-left, 0), pixels);
    const int32_t end = motes_max(motes_min(width - left, pixels), from);
    motes_set(to, (uint8_t)p->in_zero, (uint32_t)(pixels * p->in_ch));
    motes_copy(to + from * p->in_ch, row + (left + from) * p->in_ch,
               (uint32_t)((end - from) * p->in_ch));
}

/* Expands four windows whose rows are `down` bytes apart. */
static inline void conv_s8_dsp_expand(const conv_s8_dsp_params *p, const int8_t **four,
                                      int32_t down, uint32_t *to) {
    const uint32_t run = (uint32_t)p->run;
    if (p->columns == 1)
        conv_expand_s8_dsp(four, to, run, (uint32_t)p->filter_h, (uint32_t)down);
    else
        for (int32_t i = 0; i < p->filter_h; i++, to += p->row_words) {
            conv_expand_s8_dsp(four, to, run, (uint32_t)p->columns, (uint32_t)p->across);
            for (int32_t k = 0; k < 4; k++)
                four[k] += down;
        }
}

/* Where n windows lie, 1 to 4, from (top, left) on, and the first again for those that lack;
 * `column` windows are left in the row of the first. Returns the bytes from row to row. */
static MOTES_NOINLINE int32_t conv_s8_dsp_find(const conv_s8_dsp_params *p, const int8_t *x,
                                               int32_t top, int32_t left, int32_t column, int32_t n,
                                               int8_t *copied, const int8_t **four) {
    for (int32_t copy = 0, inside = 1;; copy = 1) {
        int32_t row = top, begin = left, end = motes_min(column, n), k = 0;
        int8_t *to = copied;
        while (k < n) {
            /* The windows k to `end` are side by side. */
            const int32_t pixels = (end - k - 1) * p->stride_w + p->reach_w;
            const int8_t *from = x + (row * p->in_w + begin) * p->in_ch;
            inside &= row >= 0 && row < p->whole_h && begin >= 0 && begin + pixels <= p->in_w;
            if (copy) {
                for (int32_t i = 0, at = row; i < p->filter_h; i++, at += p->dilation_h)
                    conv_s8_dsp_copy(p, x + at * p->in_w * p->in_ch,
                                     at >= 0 && at < p->in_h ? p->in_w : 0, begin, pixels,
                                     to + i * p->copied_down);
                from = to;
                to += pixels * p->in_ch;
            }
            for (; k < end; k++, from += p->stride_w * p->in_ch)
                four[k] = from;
            row += p->stride_h;
            begin = -p->pad_left;
            end = motes_min(end + p->out_w, n);
        }
        for (; k < 4; k++)
            four[k] = four[0];
        if (inside || copy)
            return copy ? p->copied_down : p->down;
    }
}

/* All output channels of n pixels, 1 to 4, one behind another; the windows of those that lack are
 * like the first. */
static inline void conv_s8_dsp_outputs(const conv_s8_dsp_params *p, conv_blocks_s8_dsp_job *job,
                                       int8_t *y, int32_t n) {
    const int odd = p->full < p->words;
    if (odd || n < 4) {
        const uint32_t pitch = (uint32_t)p->out_ch;
        job->second = n > 1 ? pitch : 0;
        job->third = n > 2 ? 2 * pitch : 0;
        job->fourth = n > 3 ? 3 * pitch : 0;
        job->stream = p->stream;
        job->stream_end = p->stream + p->full;
    }
    if (p->full)
        conv_blocks_s8_dsp(job, y);
    if (odd) {
        int8_t last[8];
        job->second = 2;
        job->third = 4;
        job->fourth = 6;
        job->stream = job->stream_end;
        job->stream_end = p->stream + p->words;
        conv_blocks_s8_dsp(job, last);
        for (int32_t k = 0; k < n; k++)
            y[k * p->out_ch + p->out_ch - 1] = last[2 * k];
    }
    if (p->low > -128 || p->high < 127)
        for (int32_t i = 0; i < n * p->out_ch; i++)
            y[i] = (int8_t)motes_clamp(y[i], p->low, p->high);
}

/* One image. */
static inline void conv_s8_dsp_image(const conv_s8_dsp_params *p, const int8_t *x, int8_t *y,
                                     uint32_t *expanded, int8_t *copied) {
    const uint32_t pitch = (uint32_t)p->out_ch;
    conv_blocks_s8_dsp_job job = {expanded + 3 * p->steps,
                                  pitch,
                                  2 * pitch,
                                  3 * pitch,
                                  p->stream + p->full,
                                  p->skipped,
                                  p->shift,
                                  expanded,
                                  p->stream};
    const int32_t step = p->stride_w * p->in_ch;
    int32_t top = -p->pad_top, left = -p->pad_left, column = p->out_w;
    int32_t fours = 0; /* of windows that lie inside, side by side, from `inside` on */
    const int8_t *inside = x;
    for (int32_t pixels = p->out_h * p->out_w; pixels > 0; pixels -= 4, y += 4 * p->out_ch) {
        const int32_t n = motes_min(pixels, 4);
        const int8_t *four[4];
        int32_t down = p->down;
        if (fours == 0) {
            if (top >= 0 && top < p->whole_h && left >= 0 && left < p->whole_w)
                fours = motes_min(column, (p->whole_w - left - 1) / p->stride_w + 1) / 4;
            if (fours > 0)
                inside = x + (top * p->in_w + left) * p->in_ch;
            else
                down = conv_s8_dsp_find(p, x, top, left, column, n, copied, four);
            left += 4 * motes_max(fours, 1) * p->stride_w;
            for (column -= 4 * motes_max(fours, 1); column <= 0; column += p->out_w) {
                left -= p->out_w * p->stride_w;
                top += p->stride_h;
            }
        }
        if (fours > 0) {
            four[0] = inside;
            four[1] = inside + step;
            four[2] = inside + 2 * step;
            four[3] = inside + 3 * step;
            inside += 4 * step;
            fours--;
        }
        conv_s8_dsp_expand(p, four, down, expanded);
        conv_s8_dsp_outputs(p, &job, y, n);
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
