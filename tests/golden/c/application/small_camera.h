/* small_camera.h: the application small camera, compiled by Motes. Caller-owned state, no heap, no input or output.

   small_camera_init once; small_camera_push what the sensor delivers, also from an interrupt handler; call
   small_camera_event until it returns 0: it does the work that is due, and returns 1 with each detection. */
#ifndef SMALL_CAMERA_H
#define SMALL_CAMERA_H

#include "ring.h"

#define SMALL_CAMERA_ARENA_SIZE 56 /* bytes: tensors and scratch of all stages */
#define SMALL_CAMERA_KEPT_SIZE 24 /* bytes: what stages keep between their runs */
#define SMALL_CAMERA_TEXT_SIZE 82 /* bytes: the longest text of small_camera_describe, with its end */
#define SMALL_CAMERA_CAMERA_BUFFER 1 /* items to deliver at a time */

#ifdef __cplusplus
extern "C" {
#endif

/* Something was detected. */
typedef struct {
    uint64_t items; /* of the source, when the buffer that caused it was full: dropped ones count */
    int32_t score;  /* quantized; small_camera_describe tells its value */
    int16_t label;  /* index into the labels of its sink */
    int16_t sink;   /* which action */
} small_camera_detection;

typedef struct {
    MOTES_ALIGNED(8) uint8_t arena[56];
    MOTES_ALIGNED(8) uint8_t kept[24];
    uint64_t clock_camera; /* items it has delivered, those that were dropped too */
    uint64_t time_small; /* that clock when the window of the last run was complete */
    uint32_t missed; /* runs that ended after the next one was due */
    uint32_t lost;   /* detections that found the queue full */
    motes_ring ring_row;
    uint32_t queued;
    small_camera_detection queue[4];

    /* 3 items of row uint8[2], read 2 at a time, 2 on */
    uint64_t stamps_row[1];
    MOTES_ALIGNED(8) uint8_t items_row[8];
} small_camera_state;

void small_camera_init(small_camera_state *s);
/* camera: count items of 2 x uint8_t, at most SMALL_CAMERA_CAMERA_BUFFER */
void small_camera_push(small_camera_state *s, const uint8_t *items, uint32_t count);
int small_camera_due(const small_camera_state *s); /* whether small_camera_event has work to do */
int small_camera_event(small_camera_state *s, small_camera_detection *found);
uint32_t small_camera_dropped(const small_camera_state *s); /* items that found no room in a ring */
/* "seconds score sink label-index label\n"; returns its length */
uint32_t small_camera_describe(const small_camera_detection *found, char *text);

#ifdef __cplusplus
}
#endif

#endif
