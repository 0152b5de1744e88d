/* The kernels that are timed. */
#ifndef TSNAS_KERNELS_H
#define TSNAS_KERNELS_H

#include "../core/op.h"

uint32_t kernel_scratch_bytes(const struct op *op);

/* Returns 0, or another value if the kernel fails. */
int kernel_run(const struct op *op, const struct tensors *tensors);

#endif
