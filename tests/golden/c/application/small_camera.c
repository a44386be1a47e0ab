/* small_camera.c: the application small camera, compiled by Motes. */
#include "small_camera.h"
#include "describe.h"

#include "rescale.h"
#include "reshape.h"
#include "fully_connected_s8.h"
#include "softmax_s8.h"
#include "moving_average.h"
#include "threshold.h"
#include "suppress.h"

/* ---------------------------------------------------------------- constants: all of them stay in flash */

static const rescale_params small_camera_p_camera_as_input = {
    /* count      */ 4,
    /* x_size     */ 1,
    /* x_signed   */ 0,
    /* y_size     */ 1,
    /* x_zero     */ 0,
    /* y_zero     */ -1,
    /* multiplier */ 1077952576,
    /* shift      */ -6,
    /* low        */ -128,
    /* high       */ 127,
};

static const reshape_params small_camera_p_the_input = {
    /* bytes */ 4,
};

static const int8_t small_camera_w_fully_connected_0_weights[12] MOTES_ALIGNED(8) = {
    -6, -5, -4, -3, 0, 0, 0, 0, 2, 3, 4, 5,
};

static const int32_t small_camera_w_fully_connected_0_bias[3] MOTES_ALIGNED(8) = {
    82, -206, 314,
};

static const int32_t small_camera_w_fully_connected_0_multiplier[1] MOTES_ALIGNED(8) = {
    1431655765,
};

static const int8_t small_camera_w_fully_connected_0_shift[1] MOTES_ALIGNED(8) = {
    -2,
};

static const fully_connected_s8_params small_camera_p_fully_connected_0 = {
    /* rows       */ 1,
    /* depth      */ 4,
    /* units      */ 3,
    /* weights    */ small_camera_w_fully_connected_0_weights,
    /* bias       */ small_camera_w_fully_connected_0_bias,
    /* multiplier */ small_camera_w_fully_connected_0_multiplier,
    /* shift      */ small_camera_w_fully_connected_0_shift,
    /* step       */ 0,
    /* zero_point */ 2,
    /* low        */ 2,
    /* high       */ 127,
};

static const int32_t small_camera_t_softmax_1_exp[19] MOTES_ALIGNED(8) = {
    2147483647, 1014399735, 479168506, 226343175, 106916946, 50503989, 23856395, 11268963, 5323081,
    2514446, 1187740, 561049, 265021, 125187, 59134, 27933, 13195, 6233, 2944,
};

static const softmax_s8_params small_camera_p_softmax_1 = {
    /* rows  */ 1,
    /* depth */ 3,
    /* count */ 19,
    /* exp   */ small_camera_t_softmax_1_exp,
};

static const moving_average_s8_params small_camera_p_average = {
    /* elements   */ 3,
    /* length     */ 2,
    /* zero_point */ -128,
};

static const uint8_t small_camera_t_decision_reported[3] MOTES_ALIGNED(8) = {
    1, 1, 1,
};

static const threshold_s32_params small_camera_p_decision = {
    /* labels   */ 3,
    /* limit    */ 256,
    /* reported */ small_camera_t_decision_reported,
};

static const suppress_params small_camera_p_event = {
    /* silent */ 4,
};

/* ---------------------------------------------------------------- kernels that several layers share */

static MOTES_NOINLINE MOTES_FLATTEN void small_camera_k_reshape(const reshape_params *p, const void *x0, void *y0) {
    reshape(p, x0, y0);
}

static MOTES_NOINLINE MOTES_FLATTEN void small_camera_k_softmax_s8(const softmax_s8_params *p, const int8_t *x0, int8_t *y0) {
    softmax_s8(p, x0, y0);
}


static const char *const small_camera_labels_0[] = {
    "a",
    "two\077lines \045s \042quoted\042 */",
    "gr\303\266\303\237er",
};

static const motes_meaning small_camera_meanings[] = {
    {small_camera_labels_0, 100000u, 1u, 1024000000u, 19u}, /* 0: print */
    {small_camera_labels_0, 100000u, 1u, 1024000000u, 19u}, /* 1: led */
};

/* 3 items of row uint8[2], read 2 at a time, 2 on */
static const motes_ring_shape small_camera_shape_row = {
    /* item_bytes */ 2,
    /* capacity   */ 3,
    /* length     */ 2,
    /* stride     */ 2,
    /* slots      */ 1,
    /* whole      */ 2,
};

/* What reads the state from outside relies on these places. */
MOTES_STATIC_ASSERT(offsetof(small_camera_state, time_small) == 88, "layout");
MOTES_STATIC_ASSERT(offsetof(small_camera_state, missed) == 96, "layout");
MOTES_STATIC_ASSERT(offsetof(small_camera_state, lost) == 100, "layout");
MOTES_STATIC_ASSERT(offsetof(small_camera_state, ring_row.dropped) == 124, "layout");

/* ---------------------------------------------------------------- layers */

/* QUANTIZE camera_as_input: uint8[2x2] -> int8[2x2] */
static MOTES_NOINLINE MOTES_FLATTEN void small_camera_l_camera_as_input(small_camera_state *s) {
    rescale(&small_camera_p_camera_as_input,
        (const uint8_t *)(s->arena + 16),
        (int8_t *)(s->arena + 16));
}

/* RESHAPE the_input: int8[2x2] -> int8[1x4] */
static MOTES_NOINLINE MOTES_FLATTEN void small_camera_l_the_input(small_camera_state *s) {
    small_camera_k_reshape(&small_camera_p_the_input,
        (const int8_t *)(s->arena + 16),
        (int8_t *)(s->arena + 24));
}

/* FULLY_CONNECTED fully_connected_0 (operator 0): int8[1x4] -> int8[1x3] */
static MOTES_NOINLINE MOTES_FLATTEN void small_camera_l_fully_connected_0(small_camera_state *s) {
    fully_connected_s8(&small_camera_p_fully_connected_0,
        (const int8_t *)(s->arena + 24),
        (int8_t *)(s->arena + 32));
}

/* SOFTMAX softmax_1 (operator 1): int8[1x3] -> int8[1x3] */
static MOTES_NOINLINE MOTES_FLATTEN void small_camera_l_softmax_1(small_camera_state *s) {
    small_camera_k_softmax_s8(&small_camera_p_softmax_1,
        (const int8_t *)(s->arena + 32),
        (int8_t *)(s->arena + 32));
}

/* MovingAverage average: int8[1x3], int8[1x1x3], int32[1] -> int32[1x3], int8[1x1x3], int32[1] */
static MOTES_NOINLINE MOTES_FLATTEN void small_camera_l_average(small_camera_state *s) {
    moving_average_s8(&small_camera_p_average,
        (const int8_t *)(s->arena + 32),
        (const int8_t *)(s->kept + 0),
        (const int32_t *)(s->kept + 8),
        (int32_t *)(s->arena + 0),
        (int8_t *)(s->kept + 0),
        (int32_t *)(s->kept + 8));
}

/* Threshold decision: int32[1x3] -> int32[2] */
static MOTES_NOINLINE MOTES_FLATTEN void small_camera_l_decision(small_camera_state *s) {
    threshold_s32(&small_camera_p_decision,
        (const int32_t *)(s->arena + 0),
        (int32_t *)(s->arena + 40));
}

/* Suppress event: int32[2], int32[1] -> int32[2], int32[1] */
static MOTES_NOINLINE MOTES_FLATTEN void small_camera_l_event(small_camera_state *s) {
    suppress(&small_camera_p_event,
        (const int32_t *)(s->arena + 40),
        (const int32_t *)(s->kept + 16),
        (int32_t *)(s->arena + 48),
        (int32_t *)(s->kept + 16));
}


/* ---------------------------------------------------------------- stages, the shortest period first */

/* Queues a detection, if the decision {label index or -1, score} is one. */
static void small_camera_decide(small_camera_state *s, int16_t sink, const int32_t *decision, uint64_t items) {
    if (decision[0] < 0)
        return;
    if (s->queued == 4) {
        s->lost++;
        return;
    }
    small_camera_detection *found = &s->queue[s->queued++];
    found->items = items;
    found->score = decision[1];
    found->label = (int16_t)decision[0];
    found->sink = sink;
}

#ifndef MOTES_WATCH
#define MOTES_WATCH(state, stage) __asm__ volatile("" : : "r"(state) : "memory")
#endif

/* Where a run of small ends: a place to watch it from outside. */
static MOTES_NOINLINE void small_camera_done_small(small_camera_state *s) {
    MOTES_WATCH(s, 0);
}

/* small: every 200 ms, 2 items of row */
static MOTES_NOINLINE void small_camera_run_small(small_camera_state *s) {
    const uint64_t stamp = motes_ring_read(&small_camera_shape_row, &s->ring_row, s->items_row, s->stamps_row,
        s->arena + 16);
    s->time_small = stamp & ~MOTES_GAP;
    small_camera_l_camera_as_input(s);
    small_camera_l_the_input(s);
    small_camera_l_fully_connected_0(s);
    small_camera_l_softmax_1(s);
    small_camera_l_average(s);
    small_camera_l_decision(s);
    small_camera_l_event(s);
    small_camera_decide(s, 0, (const int32_t *)(s->arena + 48), s->time_small);
    small_camera_decide(s, 1, (const int32_t *)(s->arena + 48), s->time_small);
    if (motes_ring_due(&s->ring_row))
        s->missed++;
    small_camera_done_small(s);
}

/* Runs the first due one of the 1 stages with the shortest periods; 0 if none is due. Every such function has
   its own copy for fewer stages to call: nothing recurses. */
static int small_camera_step_1(small_camera_state *s) {
    if (motes_ring_due(&s->ring_row)) {
        small_camera_run_small(s);
        return 1;
    }
    return 0;
}


/* ---------------------------------------------------------------- what the program around it calls */

void small_camera_init(small_camera_state *s) {
    motes_zero(s, sizeof *s);
}

void small_camera_push(small_camera_state *s, const uint8_t *items, uint32_t count) {
    s->clock_camera += count;
    motes_ring_write(&small_camera_shape_row, &s->ring_row, s->items_row, s->stamps_row,
        items, count, s->clock_camera);
}

int small_camera_due(const small_camera_state *s) {
    return s->queued || motes_ring_due(&s->ring_row);
}

int small_camera_event(small_camera_state *s, small_camera_detection *found) {
    while (!s->queued)
        if (!small_camera_step_1(s))
            return 0;
    *found = s->queue[0];
    s->queued--;
    for (uint32_t i = 0; i < s->queued; i++)
        s->queue[i] = s->queue[i + 1];
    return 1;
}

uint32_t small_camera_dropped(const small_camera_state *s) {
    return s->ring_row.dropped;
}

uint32_t small_camera_describe(const small_camera_detection *found, char *text) {
    return motes_describe(&small_camera_meanings[found->sink], found->items, found->score, (uint16_t)found->sink,
        (uint16_t)found->label, text);
}
