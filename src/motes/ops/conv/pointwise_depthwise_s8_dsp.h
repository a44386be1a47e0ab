/* pointwise_depthwise_s8_dsp.h: convolution of int8 with windows of one pixel, and the 3x3
   depthwise convolution behind it, for Cortex-M4: what lies between is never whole in memory.

   As conv_1x1_s8_dsp.h and depthwise_conv_3x3_s8_dsp.h one behind the other, for one image with
   rows of a multiple of 4 pixels, all of which windows reach, and pixels of 4, 8 and so on up to 32
   values. Planes of all channels hold two pairs of rows at a time, by turns the upper ones: the
   convolution fills them, the depthwise one reads them.

   Parameters are those of the depthwise convolution. Behind its part of `stream`, at a multiple of
   4 bytes, lies `coarse`, or ~coarse where the last rows are to be made first; then for each two
   output channels of the other convolution

   - a word a channel: its multiplier without `coarse` lower bits, times 8, and the upper three of
   19 bits of its bias, which holds the input's zero point; in a word, the lower halves of both
   biases;

   - a word a step: the weights of channel 0 in its bytes 0 and 2, of channel 1 in 1 and 3.

   From that follow the numbers of pointwise_planes_s8_dsp.h: sums begin with 257 * bias - 128 * the
   sum of the weights, and an offset is the zero point and a half, times 4096, and half of what TFLM
   rounds to first: 128 >> the leading zeros of the multiplier. pointwise.py proves that.

   scratch, in words: planes, (channels / 2) * 4 * wide; 10 a channel; (channels / 2) * (2 * steps +
   6); 1.5 * steps for each pixel of a row. In place: when rows of y are written, those of x are
   read from which their windows follow, and all before, or where the last come first, behind. */
#ifndef MOTES_POINTWISE_DEPTHWISE_S8_DSP_H
#define MOTES_POINTWISE_DEPTHWISE_S8_DSP_H

#include "depthwise_planes_s8_dsp.h"
#include "depthwise_rows_s8_dsp.h"
#include "pointwise_planes_s8_dsp.h"

typedef depthwise_planes_params pointwise_depthwise_s8_dsp_params;

/* Where the kernel is. Pairs of rows are counted from the one that padding begins with; odd ones
   are in the planes behind those of even ones. */
typedef struct {
    const depthwise_planes_params *p;
    depthwise_planes_params turned; /* for an odd pair, and the even one below it */
    const int8_t *x;
    int8_t *y;
    uint32_t *planes, *taps, *records, *expanded;
    uint32_t *to; /* the first column of the pair */
    uint32_t zero, fours;
    int32_t steps, down, pair, pairs, left;
    int32_t inside; /* 1: the upper row, 2: the lower one, 3: both, 0: none */
} pointwise_depthwise_job;

/* Bytes 0 and 2 of a word as halfwords, and what they add to `sum`. */
MOTES_INLINE uint32_t pointwise_depthwise_halves(uint32_t word, int32_t *sum) {
    uint32_t halves;
    __asm__("sxtb16 %0, %2\n\tsmlad %1, %0, %3, %1"
            : "=&r"(halves), "+r"(*sum)
            : "r"(word), "r"(0x00010001));
    return halves;
}

/* The records of `pairs` pairs of channels; `zero` is what all offsets begin with. */
static MOTES_NOINLINE void pointwise_depthwise_records(const uint32_t *stream, int32_t pairs,
                                                       int32_t steps, int32_t coarse, int32_t zero,
                                                       uint32_t *to) {
    for (; pairs > 0; pairs--, to += 6) {
        const uint32_t *const numbers = stream;
        int32_t sums[2] = {0, 0};
        stream += 3;
        for (const uint32_t *const end = stream + steps; stream < end; stream++, to += 2) {
            to[0] = pointwise_depthwise_halves(stream[0], &sums[0]);
            to[1] = pointwise_depthwise_halves(stream[0] >> 8, &sums[1]);
        }
        for (int32_t i = 0; i < 2; i++) {
            const int32_t low = (uint16_t)(numbers[2] >> 16 * i);
            const int32_t bias = (int32_t)(numbers[i] << 29) >> 13 | low;
            const uint32_t multiplier = numbers[i] >> 3 << coarse;
            to[i] = (uint32_t)(257 * bias - 128 * sums[i]);
            to[2 + i] = (uint32_t)zero + (UINT32_C(128) >> __builtin_clz(multiplier));
            to[4 + i] = multiplier;
        }
    }
}

/* A row came as the fours of a pair, (a, b), (c, d): its pixels to columns of their own, each
   beside the zero point; `lower` says whether below that. */
MOTES_INLINE void pointwise_depthwise_row(uint32_t *to, int32_t columns, int32_t lower,
                                          uint32_t zero) {
    for (int32_t i = 2 * columns - 1; i >= 0; i--) {
        const uint32_t pair = to[i];
        uint32_t *const left = to + i + (i & ~3);
        left[0] = left[4] = zero;
        motes_half *const half = (motes_half *)left + lower;
        half[0] = (uint16_t)pair, half[8] = (uint16_t)(pair >> 16);
    }
}

/* Prepares everything but pairs of rows. */
static MOTES_NOINLINE void pointwise_depthwise_begin(pointwise_depthwise_job *job,
                                                     const depthwise_planes_params *p,
                                                     const int8_t *x, int8_t *y, void *scratch,
                                                     int32_t steps) {
    const int32_t count = p->in_ch, last = p->stride == 1 ? (p->out_h + 1) / 2 : p->out_h;
    const int32_t before = (p->coarse < 0 ? 17 : 15) * count; /* bytes of the other stream */
    const uint32_t *const stream =
        (const uint32_t *)(const void *)(p->stream + ((before + 3) & ~3));
    const int32_t head = (int32_t)stream[0];
    job->p = p;
    job->turned = *p;
    job->turned.pitch = (int16_t)-p->pitch;
    job->x = x;
    job->y = y;
    job->planes = (uint32_t *)scratch;
    job->taps = job->planes + count * 2 * p->wide;
    job->records = job->taps + 10 * count;
    job->expanded = job->records + count / 2 * (2 * steps + 6);
    job->zero = p->in_zero * UINT32_C(0x00010001);
    job->steps = steps;
    job->down = head < 0 ? -1 : 1;
    job->pair = job->down > 0 ? -1 : last + 1;
    job->pairs = last;
    job->left = last + 1;
    job->inside = 3;
    depthwise_planes_clear(job->planes, count / 2 * p->wide, job->zero);
    for (int32_t c = 0; c < count; c += 4) {
        int32_t own[4];
        depthwise_planes_taps(p, 0, c, job->taps + 10 * c, own);
    }
    pointwise_depthwise_records(stream + 1, count / 2, steps, head < 0 ? ~head : head,
                                (int16_t)p->in_zero * 16 + 2048, job->records);
}

/* The rows of y that follow from pairs `pair` and pair + 1. */
MOTES_INLINE void pointwise_depthwise_outputs(const pointwise_depthwise_job *job, int32_t pair) {
    const depthwise_planes_params *const p = job->p;
    const int32_t count = p->in_ch, row = p->stride == 1 ? 2 * pair : pair;
    const uint32_t alone = p->stride == 1 && row == p->out_h - 1;
    const uint32_t rows = (1 - alone) * (uint32_t)(1 - 2 * (pair & 1));
    const uint32_t *planes = job->planes + (pair & 1) * 4 * p->wide, *taps = job->taps;
    int8_t *y = job->y + row * p->row;
    for (int32_t c = 0; c < count; c += 4, y += 4, planes += 8 * p->wide, taps += 40)
        depthwise_rows_s8_dsp(planes, taps, y, rows, 4, alone, pair & 1 ? &job->turned : p);
}

/* Goes on until a pair of rows is expanded; 0 at the end. */
static MOTES_NOINLINE int32_t pointwise_depthwise_next(pointwise_depthwise_job *job) {
    const depthwise_planes_params *const p = job->p;
    const int32_t width = p->in_w, depth = 2 * job->steps;
    for (;;) {
        uint32_t *to = job->to;
        for (int32_t c = 0; job->inside < 3 && c < p->in_ch; c += 4, to += 8 * p->wide)
            if (job->inside)
                pointwise_depthwise_row(to, width, job->inside >> 1, job->zero);
            else
                depthwise_planes_clear(to, width, job->zero);
        if (job->left < job->pairs)
            pointwise_depthwise_outputs(job, job->pair - (job->down > 0));
        if (job->left-- == 0)
            return 0;
        job->pair += job->down;
        job->to = job->planes + 4 * ((job->pair & 1) * p->wide + p->pad_left);
        const int32_t row = 2 * job->pair - p->pad_top;
        job->inside = (row >= 0 && row < p->in_h) + 2 * (row >= -1 && row < p->in_h - 1);
        if (job->inside) {
            const int8_t *const x = job->x + (row + (job->inside == 2)) * width * depth;
            const int32_t both = job->inside == 3, step = both ? depth : 2 * depth;
            job->fours = (uint32_t)width >> (2 - both);
            pointwise_planes_expand(x, x + (both ? width : 1) * depth, (uint32_t)depth,
                                    (uint32_t)step, job->expanded, job->fours);
            return 1;
        }
    }
}

/* The function `name` for so many steps: see pointwise_planes_s8_dsp.h. */
/* clang-format off */
#define pointwise_depthwise_s8_dsp_COPY(name, steps, last) \
    POINTWISE_PLANES_BLOCKS(name##_blocks, steps, last) \
    static MOTES_NOINLINE void name(const pointwise_depthwise_s8_dsp_params *p, const int8_t *x, int8_t *y, void *scratch) { \
        pointwise_depthwise_job job; \
        pointwise_depthwise_begin(&job, p, x, y, scratch, steps); \
        while (pointwise_depthwise_next(&job)) \
            name##_blocks(job.expanded, (int8_t *)job.to, job.records, job.fours, 32u * p->wide - 8u, p->in_ch / 2u); \
    }
/* clang-format on */

#endif
