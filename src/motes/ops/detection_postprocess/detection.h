/* detection.h: non-maximum suppression: of boxes that overlap, the one with the highest score
   stays.

   x holds, for each box, its center, height and width relative to an anchor, and may hold more;
   scores one number for each class. Written are `rows` rows of a box (upper, left, lower, right),
   a class and a score, zeros behind the last object, and how many objects there are.

   A box without area, at which TFLM stops with an error, overlaps nothing. */
#ifndef MOTES_DETECTION_H
#define MOTES_DETECTION_H

#include "double_word_f32.h"

typedef struct {
    int32_t boxes;
    int32_t coordinates;    /* numbers of each box */
    int32_t columns, first; /* scores of each box, and the first that is a class's */
    int32_t classes;
    int32_t most;      /* objects */
    int32_t per_class; /* objects, where each class is by itself */
    int32_t labels;    /* classes of an object, each in a row, where they are together */
    int32_t rows;
    float score_threshold, overlap_threshold;
    float y_scale, x_scale, h_scale, w_scale;
} detection_params;
typedef detection_params detect_by_class_params;
typedef detection_params detect_at_once_params;

typedef struct {
    float upper, left, lower, right;
} motes_box;

/* A box that may be an object, and its score. */
typedef struct {
    float score;
    int32_t box;
} motes_candidate;

typedef struct {
    motes_box *boxes;
    float *classes, *scores;
} motes_objects;

/* A box from its center and sizes: distances in units of the anchor's sizes, and logarithms. */
static inline motes_box motes_box_at(const detection_params *p, const float *x,
                                     const float *anchor) {
    const motes_double_word y_far =
        motes_dw_mul(motes_dw_ratio(x[0], p->y_scale), motes_dw(anchor[2], 0.0f));
    const motes_double_word x_far =
        motes_dw_mul(motes_dw_ratio(x[1], p->x_scale), motes_dw(anchor[3], 0.0f));
    const float y = motes_dw_add(y_far, motes_dw(anchor[0], 0.0f)).high;
    const float z = motes_dw_add(x_far, motes_dw(anchor[1], 0.0f)).high;
    const float h = motes_dw_times_exp(0.5f * anchor[2], motes_dw_ratio(x[2], p->h_scale));
    const float w = motes_dw_times_exp(0.5f * anchor[3], motes_dw_ratio(x[3], p->w_scale));
    const motes_box box = {y - h, z - w, y + h, z + w};
    return box;
}

/* The class with the highest score, the first of several; of those behind `last` in this order
   where last >= 0. */
static inline int32_t motes_best_class(const detection_params *p, const float *scores,
                                       int32_t last) {
    int32_t best = -1;
    for (int32_t i = 0; i < p->classes; i++) {
        if (last >= 0 && !(scores[i] < scores[last] || (scores[i] == scores[last] && i > last)))
            continue;
        if (best < 0 || scores[i] > scores[best])
            best = i;
    }
    return best;
}

/* Every box that is an object by any of its scores, computed. */
static inline void motes_boxes_at(const detection_params *p, const float *x, const float *scores,
                                  const float *anchors, motes_box *boxes) {
    for (int32_t i = 0; i < p->boxes; i++, x += p->coordinates, scores += p->columns) {
        const float *own = scores + p->first;
        const int32_t best = motes_best_class(p, own, -1);
        if (own[best] >= p->score_threshold)
            boxes[i] = motes_box_at(p, x, anchors + 4 * i);
    }
}

/* The area of the intersection over that of the union. */
static inline float motes_overlap(const motes_box *a, const motes_box *b) {
    const float a_area = (a->lower - a->upper) * (a->right - a->left);
    const float b_area = (b->lower - b->upper) * (b->right - b->left);
    if (a_area <= 0.0f || b_area <= 0.0f)
        return 0.0f;
    const float h =
        (b->lower < a->lower ? b->lower : a->lower) - (a->upper < b->upper ? b->upper : a->upper);
    const float w =
        (b->right < a->right ? b->right : a->right) - (a->left < b->left ? b->left : a->left);
    const float common = (h < 0.0f ? 0.0f : h) * (w < 0.0f ? 0.0f : w);
    return common / (a_area + b_area - common);
}

/* Takes the candidate with the highest score, the first of several, out of the list, and all that
   it overlaps. */
static inline motes_candidate motes_take_best(const detection_params *p, const motes_box *boxes,
                                              motes_candidate *list, int32_t *count) {
    int32_t best = 0, left = 0;
    for (int32_t i = 1; i < *count; i++)
        if (list[i].score > list[best].score)
            best = i;
    const motes_candidate taken = list[best];
    for (int32_t i = 0; i < *count; i++)
        if (i != best &&
            !(motes_overlap(&boxes[taken.box], &boxes[list[i].box]) > p->overlap_threshold))
            list[left++] = list[i];
    *count = left;
    return taken;
}

MOTES_INLINE void motes_put_object(const motes_objects *y, int32_t row, const motes_box *box,
                                   int32_t label, float score) {
    y->boxes[row] = *box;
    y->classes[row] = (float)label;
    y->scores[row] = score;
}

/* Puts an object behind those with scores as high; false where it would be behind the last row. */
static inline int32_t motes_insert_object(const motes_objects *y, int32_t *count, int32_t most,
                                          const motes_box *box, int32_t label, float score) {
    int32_t row = *count;
    while (row > 0 && y->scores[row - 1] < score)
        row--;
    if (row >= most)
        return 0;
    *count = motes_min(*count + 1, most);
    for (int32_t i = *count - 1; i > row; i--)
        motes_put_object(y, i, &y->boxes[i - 1], (int32_t)y->classes[i - 1], y->scores[i - 1]);
    motes_put_object(y, row, box, label, score);
    return 1;
}

static inline void motes_clear_objects(const motes_objects *y, int32_t row, int32_t rows) {
    const motes_box none = {0.0f, 0.0f, 0.0f, 0.0f};
    for (; row < rows; row++)
        motes_put_object(y, row, &none, 0, 0.0f);
}

/* Each class by itself, then the best of all classes. */
static inline void detect_by_class(const detect_by_class_params *p, const float *x,
                                   const float *scores, const float *anchors, float *y_boxes,
                                   float *y_classes, float *y_scores, float *y_count,
                                   void *scratch) {
    motes_box *boxes = (motes_box *)scratch;
    motes_candidate *list = (motes_candidate *)(void *)(boxes + p->boxes);
    const motes_objects y = {(motes_box *)(void *)y_boxes, y_classes, y_scores};
    int32_t made = 0;
    motes_boxes_at(p, x, scores, anchors, boxes);
    for (int32_t label = 0; label < p->classes; label++) {
        const float *own = scores + p->first + label;
        int32_t count = 0;
        for (int32_t i = 0; i < p->boxes; i++)
            if (own[i * p->columns] >= p->score_threshold) {
                const motes_candidate one = {own[i * p->columns], i};
                list[count++] = one;
            }
        for (int32_t left = p->per_class; left > 0 && count > 0; left--) {
            const motes_candidate best = motes_take_best(p, boxes, list, &count);
            if (!motes_insert_object(&y, &made, p->most, &boxes[best.box], label, best.score))
                break;
        }
    }
    motes_clear_objects(&y, made, p->rows);
    y_count[0] = (float)made;
}

/* All classes together: a box has the score of its best one. */
static inline void detect_at_once(const detect_at_once_params *p, const float *x,
                                  const float *scores, const float *anchors, float *y_boxes,
                                  float *y_classes, float *y_scores, float *y_count,
                                  void *scratch) {
    motes_box *boxes = (motes_box *)scratch;
    motes_candidate *list = (motes_candidate *)(void *)(boxes + p->boxes);
    const motes_objects y = {(motes_box *)(void *)y_boxes, y_classes, y_scores};
    int32_t count = 0, made = 0;
    motes_boxes_at(p, x, scores, anchors, boxes);
    for (int32_t i = 0; i < p->boxes; i++) {
        const float *own = scores + i * p->columns + p->first;
        const motes_candidate one = {own[motes_best_class(p, own, -1)], i};
        if (one.score >= p->score_threshold)
            list[count++] = one;
    }
    for (; made < p->most && count > 0; made++) {
        const motes_candidate best = motes_take_best(p, boxes, list, &count);
        const float *own = scores + best.box * p->columns + p->first;
        int32_t label = -1;
        for (int32_t i = 0; i < p->labels; i++) {
            label = motes_max(motes_best_class(p, own, label), 0); /* none is behind a NaN */
            motes_put_object(&y, made * p->labels + i, &boxes[best.box], label, own[label]);
        }
    }
    motes_clear_objects(&y, made * p->labels, p->rows);
    y_count[0] = (float)made;
}

#endif
