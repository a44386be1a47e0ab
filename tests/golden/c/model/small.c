/* small.c: small, compiled by Motes: 12 multiply-accumulates a run. */
#include "small.h"

#include "fully_connected_s8.h"
#include "softmax_s8.h"

/* ---------------------------------------------------------------- constants: all of them stay in flash */

static const int8_t small_w_fully_connected_0_weights[12] MOTES_ALIGNED(8) = {
    -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5,
};

static const int32_t small_w_fully_connected_0_bias[3] MOTES_ALIGNED(8) = {
    82, -202, 314,
};

static const int32_t small_w_fully_connected_0_multiplier[1] MOTES_ALIGNED(8) = {
    1431655765,
};

static const int8_t small_w_fully_connected_0_shift[1] MOTES_ALIGNED(8) = {
    -2,
};

static const fully_connected_s8_params small_p_fully_connected_0 = {
    /* rows       */ 1,
    /* depth      */ 4,
    /* units      */ 3,
    /* weights    */ small_w_fully_connected_0_weights,
    /* bias       */ small_w_fully_connected_0_bias,
    /* multiplier */ small_w_fully_connected_0_multiplier,
    /* shift      */ small_w_fully_connected_0_shift,
    /* step       */ 0,
    /* zero_point */ 2,
    /* low        */ 2,
    /* high       */ 127,
};

static const int32_t small_t_softmax_1_exp[19] MOTES_ALIGNED(8) = {
    2147483647, 1014399735, 479168506, 226343175, 106916946, 50503989, 23856395, 11268963, 5323081,
    2514446, 1187740, 561049, 265021, 125187, 59134, 27933, 13195, 6233, 2944,
};

static const softmax_s8_params small_p_softmax_1 = {
    /* rows  */ 1,
    /* depth */ 3,
    /* count */ 19,
    /* exp   */ small_t_softmax_1_exp,
};

/* ---------------------------------------------------------------- kernels that several layers share */

static MOTES_NOINLINE MOTES_FLATTEN void small_k_softmax_s8(const softmax_s8_params *p, const int8_t *x0, int8_t *y0) {
    softmax_s8(p, x0, y0);
}


/* ---------------------------------------------------------------- layers */

/* FULLY_CONNECTED fully_connected_0 (operator 0): int8[1x4] -> int8[1x3] */
static MOTES_NOINLINE MOTES_FLATTEN void small_l_fully_connected_0(small_state *s) {
    fully_connected_s8(&small_p_fully_connected_0,
        (const int8_t *)(s->arena + 0),
        (int8_t *)(s->arena + 8));
}

/* SOFTMAX softmax_1 (operator 1): int8[1x3] -> int8[1x3] */
static MOTES_NOINLINE MOTES_FLATTEN void small_l_softmax_1(small_state *s) {
    small_k_softmax_s8(&small_p_softmax_1,
        (const int8_t *)(s->arena + 8),
        (int8_t *)(s->arena + 8));
}


void small_init(small_state *s) {
    (void)s;
}

void small_run(small_state *s) {
    (void)s;
    small_l_fully_connected_0(s);
    small_l_softmax_1(s);
}
