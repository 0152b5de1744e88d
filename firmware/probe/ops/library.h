/* A library's kernels: convolution, depthwise convolution, fully connected and pooling; in plain C all that exports have. */
#ifndef PROBE_LIBRARY_H
#define PROBE_LIBRARY_H

#include "../core/op.h"

/* Returns the scratch memory of an operator, 0 for one that the library does not have. */
uint32_t probe_library_scratch_bytes(const struct op *op);

/* Runs one of these operators. Returns 0, or another value if the kernel fails or there is none. */
int probe_library_run(const struct op *op, const struct tensors *tensors);

#endif
