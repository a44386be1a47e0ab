/* conv_loops.h: the loops of a two-dimensional convolution, for the types of whoever includes it.

   CONV(part) makes a name of the operator's own: of its parameters (`_params`) and of what makes an
   output of a sum (`_finish`). CONV_X, CONV_W and CONV_SUM are the types of values, weights and
   sums; CONV_DOT4 and CONV_DOT1 add the products of a run to four sums or one (dot.h).

   x is (batches, in_h, in_w, in_ch), y is (batches, out_h, out_w, out_ch); they do not overlap.
   weights is (out_ch, filter_h, filter_w, group_in); output channel c sees the group_in input
   channels of group c / group_out. What lies outside x is left out. Sums run over rows, then
   columns, then channels, as TFLM's do, four output channels at a time. */

/* All output channels of one pixel; x and w begin at the first tap inside, of rows x columns. */
static inline void CONV(_pixel)(const CONV(_params) * p, const CONV_X *x, const CONV_W *w,
                                int32_t rows, int32_t columns, CONV_X *y) {
    /* Pixels side by side are one run where all their channels count. */
    const int joined = p->dilation_w == 1 && p->group_in == p->in_ch;
    const int32_t run = joined ? columns * p->group_in : p->group_in;
    const int32_t runs = joined ? 1 : columns, across = p->dilation_w * p->in_ch;
    const int32_t down = p->dilation_h * p->in_w * p->in_ch - runs * across;
    const int32_t below = p->filter_w * p->group_in - runs * run;
    const int32_t window = p->filter_h * p->filter_w * p->group_in;
    for (int32_t c = 0, left = p->group_out; c < p->out_ch;) {
        const CONV_X *a = x;
        const CONV_W *b = w + c * window;
        CONV_SUM sums[4] = {0, 0, 0, 0};
        if (left >= 4) {
            for (int32_t i = rows; i > 0; i--, a += down, b += below)
                for (int32_t j = runs; j > 0; j--, a += across, b += run)
                    CONV_DOT4(p, a, b, window, run, sums);
            y[c] = CONV(_finish)(p, sums[0], c);
            y[c + 1] = CONV(_finish)(p, sums[1], c + 1);
            y[c + 2] = CONV(_finish)(p, sums[2], c + 2);
            y[c + 3] = CONV(_finish)(p, sums[3], c + 3);
            c += 4, left -= 4;
        } else {
            for (int32_t i = rows; i > 0; i--, a += down, b += below)
                for (int32_t j = runs; j > 0; j--, a += across, b += run)
                    CONV_DOT1(p, a, b, run, sums);
            y[c] = CONV(_finish)(p, sums[0], c);
            c++, left--;
        }
        if (left == 0) {
            left = p->group_out;
            x += p->group_in;
        }
    }
}

static inline void CONV()(const CONV(_params) * p, const CONV_X *restrict x, CONV_X *restrict y) {
    for (int32_t b = 0; b < p->batches; b++, x += p->in_h * p->in_w * p->in_ch)
        for (int32_t i = 0; i < p->out_h; i++) {
            const int32_t top = i * p->stride_h - p->pad_top;
            const conv_taps rows = conv_taps_inside(top, p->filter_h, p->dilation_h, p->in_h);
            for (int32_t j = 0; j < p->out_w; j++, y += p->out_ch) {
                const int32_t left = j * p->stride_w - p->pad_left;
                const conv_taps columns =
                    conv_taps_inside(left, p->filter_w, p->dilation_w, p->in_w);
                const int32_t row = top + rows.begin * p->dilation_h;
                const int32_t column = left + columns.begin * p->dilation_w;
                CONV(_pixel)(p, x + (row * p->in_w + column) * p->in_ch,
                             p->weights + (rows.begin * p->filter_w + columns.begin) * p->group_in,
                             rows.end - rows.begin, columns.end - columns.begin, y);
            }
        }
}

#undef CONV
#undef CONV_X
#undef CONV_W
#undef CONV_SUM
#undef CONV_DOT4
#undef CONV_DOT1
