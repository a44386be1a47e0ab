/* transpose_conv_loops.h: the loops of a transposed convolution, for the types of whoever includes
   it.

   TRANSPOSE(part) makes a name of the operator's own: of its parameters (`_params`) and of what
   makes an output of a sum (`_finish`). TRANSPOSE_X, TRANSPOSE_W and TRANSPOSE_SUM are the types of
   values, weights and sums, TRANSPOSE_DOT4 and TRANSPOSE_DOT1 add the products of a run to four
   sums or one.

   x is (batches, in_h, in_w, in_ch), y is (batches, out_h, out_w, out_ch); they do not overlap.
   weights is (out_ch, filter_h, filter_w, in_ch). Input pixel (r, s) adds to the outputs of a
   window that begins at (r * stride_h - pad_top, s * stride_w - pad_left). Here each output gathers
   what TFLM scatters: of input rows, then columns, then channels, in the same order. */

/* The pixels along an input of `size` whose window of `taps` covers position `at`. */
static inline void TRANSPOSE(_cover)(int32_t at, int32_t taps, int32_t stride, int32_t size,
                                     int32_t *begin, int32_t *end) {
    *begin = at < taps ? 0 : (at - taps) / stride + 1;
    *end = motes_max(motes_min(at / stride + 1, size), *begin);
}

/* All output channels of one pixel; x and w begin at the first pixel of rows x columns, and w goes
   back as x goes on. */
static inline void TRANSPOSE(_pixel)(const TRANSPOSE(_params) * p, const TRANSPOSE_X *x,
                                     const TRANSPOSE_W *w, int32_t rows, int32_t columns,
                                     TRANSPOSE_X *y) {
    const int32_t run = p->in_ch, back = p->stride_w * p->in_ch;
    const int32_t down = (p->in_w - columns) * p->in_ch;
    const int32_t up = p->stride_h * p->filter_w * p->in_ch - columns * back;
    const int32_t window = p->filter_h * p->filter_w * p->in_ch;
    int32_t c = 0;
    for (; c + 4 <= p->out_ch; c += 4, w += 4 * window) {
        const TRANSPOSE_X *a = x;
        const TRANSPOSE_W *b = w;
        TRANSPOSE_SUM sums[4] = {0, 0, 0, 0};
        for (int32_t i = rows; i > 0; i--, a += down, b -= up)
            for (int32_t j = columns; j > 0; j--, a += run, b -= back)
                TRANSPOSE_DOT4(p, a, b, window, run, sums);
        y[c] = TRANSPOSE(_finish)(p, sums[0], c);
        y[c + 1] = TRANSPOSE(_finish)(p, sums[1], c + 1);
        y[c + 2] = TRANSPOSE(_finish)(p, sums[2], c + 2);
        y[c + 3] = TRANSPOSE(_finish)(p, sums[3], c + 3);
    }
    for (; c < p->out_ch; c++, w += window) {
        const TRANSPOSE_X *a = x;
        const TRANSPOSE_W *b = w;
        TRANSPOSE_SUM sum = 0;
        for (int32_t i = rows; i > 0; i--, a += down, b -= up)
            for (int32_t j = columns; j > 0; j--, a += run, b -= back)
                TRANSPOSE_DOT1(p, a, b, run, &sum);
        y[c] = TRANSPOSE(_finish)(p, sum, c);
    }
}

static inline void TRANSPOSE()(const TRANSPOSE(_params) * p, const TRANSPOSE_X *restrict x,
                               TRANSPOSE_X *restrict y) {
    for (int32_t b = 0; b < p->batches; b++, x += p->in_h * p->in_w * p->in_ch)
        for (int32_t i = 0; i < p->out_h; i++) {
            int32_t row, rows;
            TRANSPOSE(_cover)(i + p->pad_top, p->filter_h, p->stride_h, p->in_h, &row, &rows);
            const int32_t top = i + p->pad_top - row * p->stride_h;
            for (int32_t j = 0; j < p->out_w; j++, y += p->out_ch) {
                int32_t column, columns;
                TRANSPOSE(_cover)
                (j + p->pad_left, p->filter_w, p->stride_w, p->in_w, &column, &columns);
                const int32_t left = j + p->pad_left - column * p->stride_w;
                TRANSPOSE(_pixel)(p, x + (row * p->in_w + column) * p->in_ch,
                                  p->weights + (top * p->filter_w + left) * p->in_ch, rows - row,
                                  columns - column, y);
            }
        }
}

#undef TRANSPOSE
#undef TRANSPOSE_X
#undef TRANSPOSE_W
#undef TRANSPOSE_SUM
#undef TRANSPOSE_DOT4
#undef TRANSPOSE_DOT1
