/* The kernels that are timed. */
#ifndef TSNAS_KERNELS_H
#define TSNAS_KERNELS_H

#include "../core/op.h"

uint32_t kernel_scratch_bytes(const struct op *op);

/* 0, or anything else if the kernel refuses. */
int kernel_run(const struct op *op, const struct tensors *tensors);

#endif
