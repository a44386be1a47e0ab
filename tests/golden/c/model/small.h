/* small.h: small, compiled by Motes. Caller-owned state, no heap. */
#ifndef SMALL_H
#define SMALL_H

#include "motes.h"

#define SMALL_STATE_SIZE 16 /* bytes of small_state */
#define SMALL_ARENA_SIZE 16 /* of them, tensors and scratch of one run */
#define SMALL_KEPT_SIZE 0 /* of them, what outlives a run */

/* input 0: the input int8[1x4] */
#define SMALL_INPUT_0_OFFSET 0
#define SMALL_INPUT_0_SIZE 4
#define SMALL_INPUT_0_COUNT 4

/* output 0: y" int8[1x3] */
#define SMALL_OUTPUT_0_OFFSET 8
#define SMALL_OUTPUT_0_SIZE 3
#define SMALL_OUTPUT_0_COUNT 3

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    MOTES_ALIGNED(8) uint8_t arena[16];
} small_state;

void small_init(small_state *s); /* before the first run, and to start afresh */
void small_run(small_state *s);  /* inputs -> outputs; inputs may be overwritten */

static inline int8_t *small_input_0(small_state *s) {
    return (int8_t *)(void *)((uint8_t *)s + SMALL_INPUT_0_OFFSET);
}
static inline int8_t *small_output_0(small_state *s) {
    return (int8_t *)(void *)((uint8_t *)s + SMALL_OUTPUT_0_OFFSET);
}

#ifdef __cplusplus
}
#endif

#endif
