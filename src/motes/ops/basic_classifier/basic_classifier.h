/* basic_classifier.h: the scores at `indices`, and whether each reaches its threshold. */
#ifndef MOTES_BASIC_CLASSIFIER_H
#define MOTES_BASIC_CLASSIFIER_H

#include "motes.h"

typedef struct {
    int32_t targets;
    const int32_t *indices;
} basic_classifier_params;

static inline void basic_classifier(const basic_classifier_params *p, const int32_t *scores,
                                    const int32_t *thresholds, uint8_t *reached, int32_t *picked) {
    for (int32_t i = 0; i < p->targets; i++) {
        picked[i] = scores[p->indices[i]];
        reached[i] = (uint8_t)(picked[i] >= thresholds[i]);
    }
}

#endif
