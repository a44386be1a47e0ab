/* computed_filter.h: kernels whose weights and bias lie in their parameters, for weights and bias
   that come as pointers.

   `function` takes `arguments`: its parameters p, which are those of `kernel` and end in what the
   pointers take the place of; x, w and y; `bias`, too, where MOTES_BIASED_FILTER makes it. */
#ifndef MOTES_COMPUTED_FILTER_H
#define MOTES_COMPUTED_FILTER_H

#include "motes.h"

#define MOTES_COMPUTED_FILTER(function, kernel, arguments)                                         \
    static inline void function arguments {                                                        \
        function##_params inner = *p;                                                              \
        inner.weights = w;                                                                         \
        kernel(&inner, x, y);                                                                      \
    }

#define MOTES_BIASED_FILTER(function, kernel, arguments)                                           \
    static inline void function arguments {                                                        \
        function##_params inner = *p;                                                              \
        inner.weights = w;                                                                         \
        inner.bias = bias;                                                                         \
        kernel(&inner, x, y);                                                                      \
    }

#endif
