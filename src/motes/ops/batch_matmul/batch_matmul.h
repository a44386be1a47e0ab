/* batch_matmul.h: y = a * b, matrix by matrix.

   size0..2 are three nested loops over matrices, a_step0..2 and b_step0..2 how far each moves in
   the inputs: 0 where they are repeated. Matrices may lie transposed: row i of a begins i * a_row
   elements after its first and goes on in steps of a_next; so do columns of b. Sums run from the
   first product to the last, as TFLM's do; those of 8 bits wrap. */
#ifndef MOTES_BATCH_MATMUL_H
#define MOTES_BATCH_MATMUL_H

#include "requantize.h"

typedef struct {
    int32_t size0, size1, size2, a_step0, a_step1, a_step2, b_step0, b_step1, b_step2;
    int32_t rows, depth, cols, a_row, a_next, b_col, b_next;
} batch_matmul_f32_params;

typedef struct {
    int32_t size0, size1, size2, a_step0, a_step1, a_step2, b_step0, b_step1, b_step2;
    int32_t rows, depth, cols, a_row, a_next, b_col, b_next;
    float scale; /* of b */
} batch_matmul_hybrid_f32_params;

typedef struct {
    int32_t size0, size1, size2, a_step0, a_step1, a_step2, b_step0, b_step1, b_step2;
    int32_t rows, depth, cols, a_row, a_next, b_col, b_next;
    int32_t a_zero, b_zero, y_zero, multiplier, shift;
} batch_matmul_s8_params;
typedef batch_matmul_s8_params batch_matmul_s16_params;

/* Defines the kernel `name` of A times B: PRODUCT(p, a, b) is added up as an S, and RESULT(p, sum)
   is an element of y, an A. */
#define MOTES_BATCH_MATMUL(name, A, B, S, PRODUCT, RESULT)                                         \
    MOTES_INLINE A *motes_##name(const name##_params *p, const A *restrict a, const B *restrict b, \
                                 A *restrict y) {                                                  \
        for (int32_t i = 0; i < p->rows; i++)                                                      \
            for (int32_t j = 0; j < p->cols; j++) {                                                \
                const A *u = a + i * p->a_row;                                                     \
                const B *v = b + j * p->b_col;                                                     \
                S sum = 0;                                                                         \
                for (int32_t k = 0; k < p->depth; k++, u += p->a_next, v += p->b_next)             \
                    sum += PRODUCT(p, *u, *v);                                                     \
                *y++ = (A)RESULT(p, sum);                                                          \
            }                                                                                      \
        return y;                                                                                  \
    }                                                                                              \
    static inline void name(const name##_params *p, const A *a, const B *b, A *y) {                \
        for (int32_t i = 0; i < p->size0; i++)                                                     \
            for (int32_t j = 0; j < p->size1; j++)                                                 \
                for (int32_t k = 0; k < p->size2; k++)                                             \
                    y = motes_##name(p, a + i * p->a_step0 + j * p->a_step1 + k * p->a_step2,      \
                                     b + i * p->b_step0 + j * p->b_step1 + k * p->b_step2, y);     \
    }

#define MOTES_MATMUL_F32(p, a, b) ((a) * (float)(b))
#define MOTES_MATMUL_S8(p, a, b) (uint32_t)(((a) - (p)->a_zero) * ((b) - (p)->b_zero))
#define MOTES_MATMUL_S16(p, a, b) ((int32_t)(a) * (b))

#define MOTES_MATMUL_SUM(p, sum) (sum)
#define MOTES_MATMUL_SCALED(p, sum) ((sum) * (p)->scale)
#define MOTES_MATMUL_OF_S8(p, sum)                                                                 \
    motes_clamp(                                                                                   \
        motes_add(motes_requantize((int32_t)(sum), (p)->multiplier, (p)->shift), (p)->y_zero),     \
        INT8_MIN, INT8_MAX)
#define MOTES_MATMUL_OF_S16(p, sum)                                                                \
    motes_clamp(motes_requantize_s64(sum, (p)->multiplier, (p)->shift), INT16_MIN, INT16_MAX)

MOTES_BATCH_MATMUL(batch_matmul_f32, float, float, float, MOTES_MATMUL_F32, MOTES_MATMUL_SUM)
MOTES_BATCH_MATMUL(batch_matmul_hybrid_f32, float, int8_t, float, MOTES_MATMUL_F32,
                   MOTES_MATMUL_SCALED)
MOTES_BATCH_MATMUL(batch_matmul_s8, int8_t, int8_t, uint32_t, MOTES_MATMUL_S8, MOTES_MATMUL_OF_S8)
MOTES_BATCH_MATMUL(batch_matmul_s16, int16_t, int16_t, int64_t, MOTES_MATMUL_S16,
                   MOTES_MATMUL_OF_S16)

#endif
