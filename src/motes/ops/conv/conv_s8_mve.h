/* conv_s8_mve.h: two-dimensional convolution of int8 with Helium, for one group of channels.

   Three windows at a time, padding included, are multiplied with the weights of two output
   channels: VMLADAVA adds 16 products of bytes to a core register. A window that lies in x as one
   run of bytes is read there; any other is copied together first. The zero point is in the bias. */
#ifndef MOTES_CONV_S8_MVE_H
#define MOTES_CONV_S8_MVE_H

#include "dense_mve.h"

typedef struct {
    int32_t batches, in_h, in_w, in_ch, out_h, out_w, out_ch, filter_h;
    int32_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
    int32_t in_zero, out_zero, low, high;
    int32_t runs, run;     /* of a row of a window: pieces side by side in x, and pixels of each */
    int32_t whole;         /* 1: a window inside x is one run of bytes */
    int32_t plain;         /* 1: windows follow each other in x, one a pixel */
    int32_t depth;         /* bytes of a window */
    const int8_t *weights; /* (out_ch, depth) */
    const int32_t *bias;
    const int32_t *multipliers;
    const int8_t *shifts;
} conv_s8_mve_params;

typedef struct {
    const int8_t *image;
    int32_t top, left;   /* of the window */
    int32_t row, column; /* of the output */
} conv_mve_place;

/* Copies the window at a place, of which parts may lie outside of x at any side. */
static MOTES_NOINLINE void conv_mve_edge(const conv_s8_mve_params *p, const conv_mve_place *at,
                                         int8_t *copy) {
    const int32_t rows = p->filter_h, apart = p->dilation_h, height = p->in_h, zero = p->in_zero;
    const int32_t bytes = p->run * p->in_ch, down = apart * p->in_w * p->in_ch;
    for (int32_t j = 0, column = at->left; j < p->runs; j++, column += p->dilation_w) {
        const int32_t over = (column + p->run - p->in_w) * p->in_ch;
        const int32_t before = motes_clamp(-column * p->in_ch, 0, bytes);
        const int32_t behind = motes_clamp(over, 0, bytes - before);
        const int32_t inside = bytes - before - behind;
        const int8_t *x = at->image + (at->top * p->in_w + column) * p->in_ch + before;
        int8_t *to = copy + j * bytes;
        for (int32_t left = rows, row = at->top; left > 0; left--, row += apart, x += down) {
            mve_set(to, zero, bytes);
            if ((uint32_t)row < (uint32_t)height)
                mve_copy(to + before, x, inside);
            to += p->runs * bytes;
        }
    }
}

/* The window at a place: in x, or put together in `copy`. */
MOTES_INLINE const int8_t *conv_mve_window(const conv_s8_mve_params *p, const conv_mve_place *at,
                                           int8_t *copy) {
    const int8_t *x = at->image + (at->top * p->in_w + at->left) * p->in_ch;
    const int32_t rows = p->filter_h, apart = p->dilation_h, height = p->in_h, zero = p->in_zero;
    const int32_t bytes = p->run * p->in_ch, down = apart * p->in_w * p->in_ch;
    if (p->runs > 1 || at->left < 0 || at->left + p->run > p->in_w) {
        conv_mve_edge(p, at, copy);
        return copy;
    }
    if (p->whole && at->top >= 0 && at->top + (rows - 1) * apart < height)
        return x;
    int8_t *to = copy;
    for (int32_t left = rows, row = at->top; left > 0; left--, row += apart, x += down) {
        if ((uint32_t)row < (uint32_t)height)
            mve_copy(to, x, bytes);
        else
            mve_set(to, zero, bytes);
        to += bytes;
    }
    return copy;
}

/* Sums of all channels, in fours, with those at `w` first. */
MOTES_INLINE void conv_mve_sums(const mve_dense *block, const int8_t *w, int32_t *sums,
                                const int32_t *end) {
    if (block->depth <= 16)
        mve_dense_16(block, w, sums, end);
    else if (block->depth <= 32)
        mve_dense_32(block, w, sums, end);
    else
        mve_dense_three(block, w, sums, end);
}

/* Outputs of channels from `begin` to `end`, four at a time, of three pixels. */
MOTES_INLINE void conv_mve_outputs(const conv_s8_mve_params *p, const int32_t *sums, int32_t begin,
                                   int32_t end, int8_t *const *y, int rising) {
    const mve_range to = {p->out_zero, p->low, p->high};
    const int32_t *bias = p->bias + begin, *multipliers = p->multipliers + begin;
    const int8_t *shifts = p->shifts + begin;
    int8_t *y0 = y[0] + begin, *y1 = y[1] + begin, *y2 = y[2] + begin;
    for (int32_t left = end - begin; left > 0; left -= 4, sums += 12) {
        const int32x4_t b = vldrwq_s32(bias), m = vldrwq_s32(multipliers), s = vldrbq_s32(shifts);
        /* Step by step, for each waits for the one before. */
        int32x4_t a0 = vqrdmulhq_s32(vaddq_s32(vldrwq_s32(sums), b), m);
        int32x4_t a1 = vqrdmulhq_s32(vaddq_s32(vldrwq_s32(sums + 4), b), m);
        int32x4_t a2 = vqrdmulhq_s32(vaddq_s32(vldrwq_s32(sums + 8), b), m);
        a0 = mve_round_shift(a0, s, rising), a1 = mve_round_shift(a1, s, rising);
        a2 = mve_round_shift(a2, s, rising);
        vstrbq_s32(y0, mve_clamp(a0, to));
        vstrbq_s32(y1, mve_clamp(a1, to));
        vstrbq_s32(y2, mve_clamp(a2, to));
        bias += 4, multipliers += 4, shifts += 4, y0 += 4, y1 += 4, y2 += 4;
    }
}

static MOTES_NOINLINE void conv_mve_store(const conv_s8_mve_params *p, const int32_t *sums,
                                          int32_t begin, int32_t end, int8_t *const *y) {
    if (mve_rising(p->out_zero, p->low))
        conv_mve_outputs(p, sums, begin, end, y, 1);
    else
        conv_mve_outputs(p, sums, begin, end, y, 0);
}

/* Copies three windows beside each other that lie inside x but for some of their rows. */
MOTES_INLINE void conv_mve_beside(const conv_s8_mve_params *p, const conv_mve_place *at,
                                  int8_t *copies) {
    const int32_t apart = p->stride_w * p->in_ch, each = -mve_dense_back(p->depth);
    const int32_t bytes = p->run * p->in_ch, step = p->dilation_h, height = p->in_h;
    const int32_t down = step * p->in_w * p->in_ch, zero = p->in_zero;
    const int8_t *x = at->image + (at->top * p->in_w + at->left) * p->in_ch;
    for (int32_t left = p->filter_h, row = at->top; left > 0; left--, row += step, x += down) {
        const int8_t *a = x, *b = x + apart, *c = b + apart;
        int8_t *u = copies, *v = copies + each, *w = v + each;
        const int inside = (uint32_t)row < (uint32_t)height;
        for (int32_t n = bytes; inside && n > 0; n -= 16) {
            const mve_pred16_t some = vctp8q((uint32_t)n);
            vstrbq_p_s8(u, vldrbq_z_s8(a, some), some);
            vstrbq_p_s8(v, vldrbq_z_s8(b, some), some);
            vstrbq_p_s8(w, vldrbq_z_s8(c, some), some);
            a += 16, b += 16, c += 16, u += 16, v += 16, w += 16;
        }
        for (int32_t i = 0; !inside && i < 3; i++)
            mve_set(copies + i * each, zero, bytes);
        copies += bytes;
    }
}

/* Goes on by some pixels of a row of outputs. */
MOTES_INLINE void conv_mve_next(const conv_s8_mve_params *p, conv_mve_place *at, int32_t pixels) {
    at->left += pixels * p->stride_w;
    at->column += pixels;
    if (at->column < p->out_w)
        return;
    at->column = 0, at->left = -p->pad_left, at->top += p->stride_h;
    if (++at->row < p->out_h)
        return;
    at->row = 0, at->top = -p->pad_top;
    at->image += p->in_h * p->in_w * p->in_ch;
}

/* The next three windows, of `left` pixels; where there are fewer, the first once more. */
static MOTES_NOINLINE void conv_mve_windows(const conv_s8_mve_params *p, conv_mve_place *next,
                                            int32_t left, const int8_t **windows, int8_t *copies) {
    const int32_t each = -mve_dense_back(p->depth), reach = 2 * p->stride_w + p->run;
    if (p->runs == 1 && !p->whole && next->column + 3 <= p->out_w && next->left >= 0 &&
        next->left + reach <= p->in_w) {
        conv_mve_beside(p, next, copies);
        windows[0] = copies, windows[1] = copies + each, windows[2] = copies + 2 * each;
        conv_mve_next(p, next, 3);
        return;
    }
    for (int32_t i = 0; i < 3; i++) {
        windows[i] = windows[0];
        if (i < left) {
            windows[i] = conv_mve_window(p, next, copies + i * each);
            conv_mve_next(p, next, 1);
        }
    }
}

/* The last four channels may be some of the four before. */
static inline void conv_s8_mve(const conv_s8_mve_params *p, const int8_t *x, int8_t *y,
                               void *scratch) {
    const int32_t rest = p->out_ch % 4, fours = p->out_ch - rest, last = p->out_ch - 4;
    int32_t *const sums = (int32_t *)scratch, *const end = sums + 3 * fours;
    int8_t *const copies = (int8_t *)(end + (rest ? 12 : 0));
    conv_mve_place next = {x, -p->pad_top, -p->pad_left, 0, 0};
    mve_dense block = {{x, x, x}, p->depth, mve_dense_back(p->depth)};
    for (int32_t left = p->batches * p->out_h * p->out_w; left > 0; left -= 3, y += 3 * p->out_ch) {
        /* Outputs of a window that is there once more are written once more. */
        int8_t *const to[3] = {y, left > 1 ? y + p->out_ch : y, left > 2 ? y + 2 * p->out_ch : y};
        if (p->plain && left > 2)
            block.x[0] = x, block.x[1] = x + p->depth, block.x[2] = x + 2 * p->depth;
        else if (p->plain)
            block.x[0] = block.x[2] = x, block.x[1] = left > 1 ? x + p->depth : x;
        else
            conv_mve_windows(p, &next, left, block.x, copies);
        x += 3 * p->depth;
        conv_mve_sums(&block, p->weights, sums, end);
        if (rest)
            conv_mve_sums(&block, p->weights + last * p->depth, end, end + 12);
        conv_mve_store(p, sums, 0, fours, to);
        if (rest)
            conv_mve_store(p, end, last, p->out_ch, to);
    }
}

#endif
