/* Calls the kernel of an operator: that of the library if it has one, else one of our own. */
#include "kernels.h"

#include "arithmetic.h"
#include "library.h"

uint32_t probe_kernel_scratch_bytes(const struct op *op)
{
    return probe_library_scratch_bytes(op);
}

static void add(const struct op *op, const int8_t *a, const int8_t *b, int8_t *out)
{
    const struct add_params params = {
        .in_offset = op->in_offset,
        .in2_offset = op->in2_offset,
        .out_offset = op->out_offset,
        .in_multiplier = op->in_multiplier,
        .in_shift = op->in_shift,
        .in2_multiplier = op->in2_multiplier,
        .in2_shift = op->in2_shift,
        .out_multiplier = op->out_multiplier,
        .out_shift = op->out_shift,
        .act_min = op->act_min,
        .act_max = op->act_max,
    };
    add_s8(&params, a, b, out, op->in_h * op->in_w * op->in_c);
}

static void mean(const struct op *op, const int8_t *in, int8_t *out)
{
    const struct mean_params params = {
        op->in_offset, op->out_offset, op->out_multiplier, op->out_shift, op->act_min, op->act_max,
    };
    mean_s8(&params, in, out, op->in_h * op->in_w, op->in_c);
}

static void softmax(const struct op *op, const int8_t *in, int8_t *out)
{
    const struct softmax_params params = {op->in_multiplier, op->in_shift, op->diff_min};
    softmax_s8(&params, in, out, op->in_c);
}

int probe_kernel_run(const struct op *op, const struct tensors *tensors)
{
    const int8_t *in = (const int8_t *)tensors->at[PROBE_INPUT];
    int8_t *out = (int8_t *)tensors->at[PROBE_OUTPUT];
    switch (op->kind) {
    case PROBE_CONV2D:
    case PROBE_DEPTHWISE_CONV2D:
    case PROBE_FULLY_CONNECTED:
    case PROBE_AVERAGE_POOL:
    case PROBE_MAX_POOL:
        return probe_library_run(op, tensors);
    case PROBE_ADD:
        add(op, in, (const int8_t *)tensors->at[PROBE_INPUT2], out);
        return 0;
    case PROBE_MEAN:
        mean(op, in, out);
        return 0;
    case PROBE_SOFTMAX:
        softmax(op, in, out);
        return 0;
    default:
        return 1;
    }
}
