/* Calls the kernel of an operator: that of the library if it has one, else one in the steps of TensorFlow Lite Micro. */
#include "kernels.h"

#include "library.h"
#include "tflm_operators.h"

uint32_t probe_kernel_scratch_bytes(const struct op *op)
{
    return op->kind == PROBE_MEAN ? (uint32_t)op->in_c * sizeof(int32_t) : probe_library_scratch_bytes(op);
}

static void mean(const struct op *op, const struct tensors *tensors)
{
    const int dims[] = {1, op->in_h, op->in_w, op->in_c}, axes[] = {1, 2};
    tflm_mean(op, dims, 4, axes, 2, (const int8_t *)tensors->at[PROBE_INPUT], tensors->scratch,
              (int8_t *)tensors->at[PROBE_OUTPUT]);
}

int probe_kernel_run(const struct op *op, const struct tensors *tensors)
{
    const int8_t *in = (const int8_t *)tensors->at[PROBE_INPUT];
    int8_t *out = (int8_t *)tensors->at[PROBE_OUTPUT];
    switch (op->kind) {
    case PROBE_ADD:
        tflm_add(op, in, (const int8_t *)tensors->at[PROBE_INPUT2], out);
        return 0;
    case PROBE_MEAN:
        mean(op, tensors);
        return 0;
    case PROBE_SOFTMAX:
        tflm_softmax(op, in, out);
        return 0;
    default:
        return probe_library_run(op, tensors);
    }
}
