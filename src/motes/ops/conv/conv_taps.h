/* conv_taps.h: which taps of a window lie inside its input, along one axis. */
#ifndef MOTES_CONV_TAPS_H
#define MOTES_CONV_TAPS_H

#include "motes.h"

typedef struct {
    int32_t begin, end;
} conv_taps;

/* Of `taps` from `start` on, `dilation` apart, those in an input of `size`. */
MOTES_INLINE conv_taps conv_taps_inside(int32_t start, int32_t taps, int32_t dilation,
                                        int32_t size) {
    conv_taps inside = {0, taps};
    if (start < 0)
        inside.begin = motes_min((-start + dilation - 1) / dilation, taps);
    if (start + (taps - 1) * dilation >= size)
        inside.end = motes_max((size - 1 - start + dilation) / dilation, inside.begin);
    return inside;
}

#endif
