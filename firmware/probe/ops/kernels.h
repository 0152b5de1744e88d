/* The kernels that are timed. */
#ifndef PROBE_KERNELS_H
#define PROBE_KERNELS_H

#include "../core/op.h"

/* Which kernels these are, such as "CMSIS-NN 4.0". */
extern const char *const probe_kernels;

uint32_t probe_kernel_scratch_bytes(const struct op *op);

/* Returns 0, or another value if the kernel fails. */
int probe_kernel_run(const struct op *op, const struct tensors *tensors);

#endif
