/* The kernels that are timed. */
#ifndef TSNAS_KERNELS_H
#define TSNAS_KERNELS_H

#include "../core/op.h"

uint32_t kernel_scratch_bytes(const struct op *op);

/* 0, or anything else if the kernel refuses. */
int kernel_run(const struct op *op, const struct tensors *tensors);

/* One for each operator that CMSIS-NN has no kernel for here. */
void add_s8(const struct op *op, const int8_t *a, const int8_t *b, int8_t *out);
void mean_s8(const struct op *op, const int8_t *in, int8_t *out);
void softmax_s8(const struct op *op, const int8_t *in, int8_t *out);

#endif
