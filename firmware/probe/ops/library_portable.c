/* The kernels in plain C that exports have as well, for any machine (-DTSNAS_PORTABLE). */
#ifdef TSNAS_PORTABLE

#include "arithmetic.h"
#include "kernels.h"
#include "library.h"
#include "tsnas_kernels.h"

#ifndef PROBE_KERNELS
#define PROBE_KERNELS "portable C"
#endif
const char *const probe_kernels = PROBE_KERNELS;

/* Room for the values that one output of a convolution reads. */
uint32_t probe_library_scratch_bytes(const struct op *op)
{
    const int pointwise = op->kernel_h == 1 && op->kernel_w == 1;
    return op->kind == PROBE_CONV2D && !pointwise ? (uint32_t)(op->kernel_h * op->kernel_w * op->in_c) : 0;
}

static int convolve(const struct op *op, const struct tensors *t)
{
    const struct tsnas_conv layer = {
        .in = {op->in_h, op->in_w, op->in_c},
        .out = {op->out_h, op->out_w, op->out_c},
        .kernel_height = op->kernel_h,
        .kernel_width = op->kernel_w,
        .stride_height = op->stride_h,
        .stride_width = op->stride_w,
        .pad_top = op->pad_top,
        .pad_left = op->pad_left,
        .dilation_height = op->dilation_h,
        .dilation_width = op->dilation_w,
        .in_offset = op->in_offset,
        .out_offset = op->out_offset,
        .act_min = op->act_min,
        .act_max = op->act_max,
        .weights = (const int8_t *)t->at[PROBE_WEIGHTS],
        .bias = (const int32_t *)t->at[PROBE_BIAS],
        .multipliers = (const int32_t *)t->at[PROBE_MULTIPLIERS],
        .shifts = (const int32_t *)t->at[PROBE_SHIFTS],
    };
    const int8_t *in = (const int8_t *)t->at[PROBE_INPUT];
    int8_t *out = (int8_t *)t->at[PROBE_OUTPUT];
    const int32_t scratch_bytes = (int32_t)t->scratch_bytes;
    return op->kind == PROBE_CONV2D ? tsnas_conv2d(&layer, in, out, t->scratch, scratch_bytes)
                                    : tsnas_depthwise_conv2d(&layer, in, out, t->scratch, scratch_bytes);
}

static int fully_connected(const struct op *op, const struct tensors *t)
{
    const struct tsnas_dense layer = {
        .inputs = op->in_h * op->in_w * op->in_c,
        .outputs = op->out_c,
        .in_offset = op->in_offset,
        .out_offset = op->out_offset,
        .multiplier = op->out_multiplier,
        .shift = op->out_shift,
        .act_min = op->act_min,
        .act_max = op->act_max,
        .weights = (const int8_t *)t->at[PROBE_WEIGHTS],
        .bias = (const int32_t *)t->at[PROBE_BIAS],
    };
    return tsnas_fully_connected(&layer, (const int8_t *)t->at[PROBE_INPUT], (int8_t *)t->at[PROBE_OUTPUT]);
}

static int pool(const struct op *op, const struct tensors *t)
{
    const struct tsnas_pool layer = {
        .in = {op->in_h, op->in_w, op->in_c},
        .out = {op->out_h, op->out_w, op->out_c},
        .kernel_height = op->kernel_h,
        .kernel_width = op->kernel_w,
        .stride_height = op->stride_h,
        .stride_width = op->stride_w,
        .pad_top = op->pad_top,
        .pad_left = op->pad_left,
        .act_min = op->act_min,
        .act_max = op->act_max,
    };
    const int8_t *in = (const int8_t *)t->at[PROBE_INPUT];
    int8_t *out = (int8_t *)t->at[PROBE_OUTPUT];
    return op->kind == PROBE_MAX_POOL ? tsnas_max_pool(&layer, in, out)
                                      : tsnas_average_pool(&layer, in, out, t->scratch, (int32_t)t->scratch_bytes);
}

static int add(const struct op *op, const struct tensors *t)
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
    add_s8(&params, (const int8_t *)t->at[PROBE_INPUT], (const int8_t *)t->at[PROBE_INPUT2],
           (int8_t *)t->at[PROBE_OUTPUT], op->in_h * op->in_w * op->in_c);
    return 0;
}

static int mean(const struct op *op, const struct tensors *t)
{
    const struct mean_params params = {
        op->in_offset, op->out_offset, op->out_multiplier, op->out_shift, op->act_min, op->act_max,
    };
    mean_s8(&params, (const int8_t *)t->at[PROBE_INPUT], (int8_t *)t->at[PROBE_OUTPUT], op->in_h * op->in_w, op->in_c);
    return 0;
}

static int softmax(const struct op *op, const struct tensors *t)
{
    const struct softmax_params params = {op->in_multiplier, op->in_shift, op->diff_min};
    softmax_s8(&params, (const int8_t *)t->at[PROBE_INPUT], (int8_t *)t->at[PROBE_OUTPUT], op->in_c);
    return 0;
}

int probe_library_run(const struct op *op, const struct tensors *tensors)
{
    switch (op->kind) {
    case PROBE_CONV2D:
    case PROBE_DEPTHWISE_CONV2D:
        return convolve(op, tensors);
    case PROBE_FULLY_CONNECTED:
        return fully_connected(op, tensors);
    case PROBE_AVERAGE_POOL:
    case PROBE_MAX_POOL:
        return pool(op, tensors);
    case PROBE_EXPORTED_ADD:
        return add(op, tensors);
    case PROBE_EXPORTED_MEAN:
        return mean(op, tensors);
    case PROBE_EXPORTED_SOFTMAX:
        return softmax(op, tensors);
    default:
        return 1;
    }
}

#else
typedef int probe_not_empty; /* ISO C requires a declaration in every file */
#endif
