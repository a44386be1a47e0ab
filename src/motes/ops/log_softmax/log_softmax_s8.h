/* log_softmax_s8.h: x - ln(sum(exp(x))) over rows of int8, in 1/16 with zero point 127. y may share
   x's address. */
#ifndef MOTES_LOG_SOFTMAX_S8_H
#define MOTES_LOG_SOFTMAX_S8_H

#include "reciprocal.h"

typedef struct {
    int32_t rows, depth, count;
    const int32_t *exp;        /* of the differences 0, -1, ... -(count - 1), Q0.31 */
    int32_t multiplier, shift; /* of differences, to Q5.26 */
    int32_t back, back_shift;  /* from Q5.26 to differences */
    int32_t least;             /* difference above which TFLM looks at one at all */
} log_softmax_s8_params;

/* ln(x) in Q5.26 of x >= 1 in Q12.19, as TensorFlow Lite computes it: x is a power of 2, or of 2
   times sqrt(2), times r in sqrt(1/2)..1, and ln(r) a quotient of polynomials around the middle of
   that. Numbers are in Q0.31, where not said. */
MOTES_INLINE int32_t motes_log_q5_26(int32_t x) {
    const int32_t half_root = 1518500250, middle = 1805811301; /* 2^(-1/2), 2^(-1/4) */
    const int32_t quarter = 8388608;                           /* Q6.25 */
    const int32_t a_up = __builtin_clz((uint32_t)x);
    const int32_t a =
        motes_saturating_shift(motes_high_mul(motes_saturating_shift(x, a_up - 1), half_root), 1);
    const int32_t b_up = __builtin_clz((uint32_t)motes_high_mul(x, half_root)) - 1;
    const int32_t b = motes_saturating_shift(x, b_up);
    const int32_t power = motes_max(motes_saturating_shift(12 - a_up, 25) + quarter,
                                    motes_saturating_shift(12 - b_up, 25) - quarter); /* Q6.25 */
    const int32_t r = motes_min(a, b);
    const int32_t p = (int32_t)(((int64_t)r + middle + 1) >> 1), q = 2 * (r - middle);
    const int32_t square = motes_high_mul(q, q);
    const int32_t above =
        motes_high_mul(q, r) + motes_high_mul(motes_high_mul(q, square), 117049297);
    const int32_t below =
        motes_high_mul(p, motes_add(motes_add(1057819769, q), motes_high_mul(127690142, square))) +
        motes_high_mul(638450708, q);
    const int32_t quotient =
        motes_high_mul(motes_round_shift(above, 6), motes_one_over_one_plus(below));
    return motes_saturating_shift(motes_high_mul(power, 1488522236) + quotient, 1); /* ln(2) */
}

static inline void log_softmax_s8(const log_softmax_s8_params *p, const int8_t *x, int8_t *y) {
    for (int32_t r = 0; r < p->rows; r++, x += p->depth, y += p->depth) {
        int32_t max = INT8_MIN, sum = 0; /* Q12.19 */
        for (int32_t i = 0; i < p->depth; i++)
            max = motes_max(max, x[i]);
        for (int32_t i = 0; i < p->depth; i++)
            if (max - x[i] < p->count)
                sum += motes_round_shift(p->exp[max - x[i]], 12);
        const int32_t log_sum = motes_log_q5_26(sum);
        const int32_t least =
            motes_max(p->least, motes_requantize(log_sum + INT32_MIN, p->back, p->back_shift));
        for (int32_t i = 0; i < p->depth; i++) {
            int32_t value = INT8_MIN;
            if (x[i] - max > least) {
                const int32_t down = motes_requantize(x[i] - max, p->multiplier, p->shift);
                value = motes_round_shift(motes_add(down, -log_sum), 22) + 127;
            }
            y[i] = (int8_t)motes_clamp(value, -128, 127);
        }
    }
}

#endif
