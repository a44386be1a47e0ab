/* depthwise_loops.h: the loops of a depthwise convolution, for the types of whoever includes it.

   DEPTHWISE(part) makes a name of the operator's own: of its parameters (`_params`) and of what
   makes an output of a sum (`_finish`). DEPTHWISE_X, DEPTHWISE_W and DEPTHWISE_SUM are the types of
   values, weights and sums; DEPTHWISE_PRODUCT is that of a value and a weight.

   x is (batches, in_h, in_w, in_ch), y is (batches, out_h, out_w, in_ch * depth); they do not
   overlap. weights is (filter_h, filter_w, out_ch); output channel c sees input channel c / depth
   alone. What lies outside x is left out. Sums run over rows, then columns, as TFLM's do, four
   output channels at a time. */

/* All output channels of one pixel; x and w begin at the first tap inside, of rows x columns. */
static inline void DEPTHWISE(_pixel)(const DEPTHWISE(_params) * p, const DEPTHWISE_X *x,
                                     const DEPTHWISE_W *w, int32_t rows, int32_t columns,
                                     DEPTHWISE_X *y) {
    const int32_t depth = p->depth, next = p->out_ch, across = p->dilation_w * p->in_ch;
    const int32_t down = p->dilation_h * p->in_w * p->in_ch - columns * across;
    const int32_t below = (p->filter_w - columns) * next;
    int32_t c = 0;
    for (; c + 4 <= next; c += 4) {
        const int32_t first = c / depth, second = (c + 1) / depth - first;
        const int32_t third = (c + 2) / depth - first, fourth = (c + 3) / depth - first;
        const DEPTHWISE_X *a = x + first;
        const DEPTHWISE_W *b = w + c;
        DEPTHWISE_SUM s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        for (int32_t i = rows; i > 0; i--, a += down, b += below)
            for (int32_t j = columns; j > 0; j--, a += across, b += next) {
                s0 += DEPTHWISE_PRODUCT(p, a[0], b[0]);
                s1 += DEPTHWISE_PRODUCT(p, a[second], b[1]);
                s2 += DEPTHWISE_PRODUCT(p, a[third], b[2]);
                s3 += DEPTHWISE_PRODUCT(p, a[fourth], b[3]);
            }
        y[c] = DEPTHWISE(_finish)(p, s0, c);
        y[c + 1] = DEPTHWISE(_finish)(p, s1, c + 1);
        y[c + 2] = DEPTHWISE(_finish)(p, s2, c + 2);
        y[c + 3] = DEPTHWISE(_finish)(p, s3, c + 3);
    }
    for (; c < next; c++) {
        const DEPTHWISE_X *a = x + c / depth;
        const DEPTHWISE_W *b = w + c;
        DEPTHWISE_SUM sum = 0;
        for (int32_t i = rows; i > 0; i--, a += down, b += below)
            for (int32_t j = columns; j > 0; j--, a += across, b += next)
                sum += DEPTHWISE_PRODUCT(p, *a, *b);
        y[c] = DEPTHWISE(_finish)(p, sum, c);
    }
}

static inline void DEPTHWISE()(const DEPTHWISE(_params) * p, const DEPTHWISE_X *restrict x,
                               DEPTHWISE_X *restrict y) {
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
                DEPTHWISE(_pixel)(p, x + (row * p->in_w + column) * p->in_ch,
                                  p->weights +
                                      (rows.begin * p->filter_w + columns.begin) * p->out_ch,
                                  rows.end - rows.begin, columns.end - columns.begin, y);
            }
        }
}

#undef DEPTHWISE
#undef DEPTHWISE_X
#undef DEPTHWISE_W
#undef DEPTHWISE_SUM
#undef DEPTHWISE_PRODUCT
