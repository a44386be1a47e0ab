/* describe_driver.c: a detection of one action, described. */
#include "describe.h"

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

static const char *const labels[] = {"", "yes", "a longer label"};

EXPORT uint32_t driver_describe(uint32_t micros, uint32_t per, uint32_t multiplier, uint32_t shift,
                                uint64_t items, int32_t score, uint32_t sink, uint32_t label,
                                char *text) {
    const motes_meaning meaning = {labels, micros, per, multiplier, shift};
    return motes_describe(&meaning, items, score, (uint16_t)sink, (uint16_t)label, text);
}
