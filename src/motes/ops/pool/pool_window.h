/* pool_window.h: which elements of a row or column lie under a window. */
#ifndef MOTES_POOL_WINDOW_H
#define MOTES_POOL_WINDOW_H

#include "motes.h"

/* Elements begin .. end - 1. */
typedef struct {
    int32_t begin, end;
} motes_span;

/* What output `index` sees of `size` elements: `filter` of them, `stride` apart, less what the
 * padding hides. */
MOTES_INLINE motes_span motes_pool_span(int32_t index, int32_t stride, int32_t pad, int32_t filter,
                                        int32_t size) {
    const int32_t first = index * stride - pad;
    const motes_span span = {motes_max(first, 0), motes_min(first + filter, size)};
    return span;
}

#endif
