/* Addition, mean and softmax in the steps of TensorFlow Lite Micro's own kernels, so that they take what those take. */
#ifndef PROBE_TFLM_OPERATORS_H
#define PROBE_TFLM_OPERATORS_H

#include "../core/op.h"

/* Sum of two tensors of the same shape. */
void tflm_add(const struct op *op, const int8_t *a, const int8_t *b, int8_t *out);

/* Mean over the dimensions `axes` of a tensor; `sums` has a word for each output. */
void tflm_mean(const struct op *op, const int *dims, int rank, const int *axes, int n_axes, const int8_t *in,
               int32_t *sums, int8_t *out);

/* Softmax of one vector, with an output scale of 1/256 and a zero point of -128. */
void tflm_softmax(const struct op *op, const int8_t *in, int8_t *out);

#endif
