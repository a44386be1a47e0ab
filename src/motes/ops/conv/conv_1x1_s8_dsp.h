/* conv_1x1_s8_dsp.h: convolution of int8 with windows of one pixel, at stride 1, for Cortex-M4.

   As conv_s8_dsp.h, without all that finds windows: pixel after pixel, whatever the rows are.
   Outputs are clamped to -128..127.

   stream, skipped, shift: see conv_fours_s8_dsp.h.

   scratch: 12 * steps bytes for four expanded pixels. In place: y may be x where out_ch <= in_ch.
 */
#ifndef MOTES_CONV_1X1_S8_DSP_H
#define MOTES_CONV_1X1_S8_DSP_H

#include "conv_fours_s8_dsp.h"
#include "motes.h"

typedef struct {
    int32_t pixels, offset;
    const int32_t *stream;
    int16_t in_ch, out_ch, steps;
    int8_t skipped, shift;
} conv_1x1_s8_dsp_params;

static inline void conv_1x1_s8_dsp(const conv_1x1_s8_dsp_params *p, const int8_t *x, int8_t *y,
                                   void *scratch) {
    const int32_t in_ch = p->in_ch, out_ch = p->out_ch;
    const int32_t words = 2 + p->steps + (p->shift ? 3 : 6); /* of a block */
    conv_fours_s8_dsp_job job;
    job.expanded = (uint32_t *)scratch;
    job.expanded_end = job.expanded + 3 * p->steps - (p->shift != 12);
    job.stream = p->stream;
    job.stream_end = p->stream + (out_ch + 1) / 2 * words - (out_ch & 1);
    job.skipped = p->skipped;
    job.shift = p->shift;
    job.offset = p->offset;
    job.run = in_ch;
    job.runs = 1;
    job.rows = 1;
    job.pitch = 0;
    job.down = 0;
    job.step = 4 * in_ch;
    job.y = y;
    job.fours = p->pixels / 4;
    job.second = out_ch;
    job.fourth = 3 * out_ch;
    for (int32_t k = 0; k < 4; k++)
        job.x[k] = x + k * in_ch;
    if (job.fours)
        conv_fours_s8_dsp(&job);
    const int32_t pixels = p->pixels & 3, before = p->pixels - pixels;
    if (!pixels)
        return;
    job.y = y + before * p->out_ch;
    job.fours = 1;
    for (int32_t k = 0; k < 4; k++)
        job.x[k] = x + (before + (k < pixels ? k : 0)) * p->in_ch;
    conv_fours_s8_dsp_last(&job, pixels, p->out_ch);
    conv_fours_s8_dsp(&job);
}

#endif
