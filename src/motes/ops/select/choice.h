/* choice.h: the parameters of SELECT for elements of every size. */
#ifndef MOTES_CHOICE_H
#define MOTES_CHOICE_H

#include "motes.h"

typedef struct {
    const int32_t *axes;
} choice_params;

#endif
