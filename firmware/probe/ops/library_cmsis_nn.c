/* The kernels of CMSIS-NN, for Cortex-M; omitted if TSNAS_PORTABLE is defined. */
#ifndef TSNAS_PORTABLE

#include "arm_nnfunctions.h"
#include "kernels.h"
#include "library.h"

#ifndef PROBE_KERNELS
#define PROBE_KERNELS "CMSIS-NN"
#endif
const char *const probe_kernels = PROBE_KERNELS;

static cmsis_nn_dims input_dims(const struct op *op)
{
    return (cmsis_nn_dims){1, op->in_h, op->in_w, op->in_c};
}

static cmsis_nn_dims output_dims(const struct op *op)
{
    return (cmsis_nn_dims){1, op->out_h, op->out_w, op->out_c};
}

static cmsis_nn_conv_params conv_params(const struct op *op)
{
    return (cmsis_nn_conv_params){
        .input_offset = op->in_offset,
        .output_offset = op->out_offset,
        .stride = {op->stride_w, op->stride_h},
        .padding = {op->pad_left, op->pad_top},
        .dilation = {op->dilation_w, op->dilation_h},
        .activation = {op->act_min, op->act_max},
    };
}

static cmsis_nn_dw_conv_params depthwise_params(const struct op *op)
{
    return (cmsis_nn_dw_conv_params){
        .input_offset = op->in_offset,
        .output_offset = op->out_offset,
        .ch_mult = op->out_c / op->in_c,
        .stride = {op->stride_w, op->stride_h},
        .padding = {op->pad_left, op->pad_top},
        .dilation = {op->dilation_w, op->dilation_h},
        .activation = {op->act_min, op->act_max},
    };
}

static cmsis_nn_pool_params pool_params(const struct op *op)
{
    return (cmsis_nn_pool_params){
        .stride = {op->stride_w, op->stride_h},
        .padding = {op->pad_left, op->pad_top},
        .activation = {op->act_min, op->act_max},
    };
}

uint32_t probe_library_scratch_bytes(const struct op *op)
{
    cmsis_nn_dims in = input_dims(op), out = output_dims(op);
    int32_t bytes = 0;
    if (op->kind == PROBE_CONV2D) {
        cmsis_nn_conv_params params = conv_params(op);
        cmsis_nn_dims filter = {op->out_c, op->kernel_h, op->kernel_w, op->in_c};
        bytes = arm_convolve_wrapper_s8_get_buffer_size(&params, &in, &filter, &out);
    } else if (op->kind == PROBE_DEPTHWISE_CONV2D) {
        cmsis_nn_dw_conv_params params = depthwise_params(op);
        cmsis_nn_dims filter = {1, op->kernel_h, op->kernel_w, op->out_c};
        bytes = arm_depthwise_conv_wrapper_s8_get_buffer_size(&params, &in, &filter, &out);
    } else if (op->kind == PROBE_AVERAGE_POOL) {
        bytes = arm_avgpool_s8_get_buffer_size(op->out_w, op->in_c);
    } else if (op->kind == PROBE_FULLY_CONNECTED) {
        cmsis_nn_dims filter = {op->in_h * op->in_w * op->in_c, 1, 1, op->out_c};
        bytes = arm_fully_connected_s8_get_buffer_size(&filter);
    }
    return bytes > 0 ? (uint32_t)bytes : 0;
}

static int conv2d(const struct op *op, const struct tensors *t, const cmsis_nn_context *ctx)
{
    cmsis_nn_conv_params params = conv_params(op);
    cmsis_nn_per_channel_quant_params quant = {(int32_t *)t->at[PROBE_MULTIPLIERS], (int32_t *)t->at[PROBE_SHIFTS]};
    cmsis_nn_dims in = input_dims(op), out = output_dims(op);
    cmsis_nn_dims filter = {op->out_c, op->kernel_h, op->kernel_w, op->in_c}, bias = {1, 1, 1, op->out_c};
    return arm_convolve_wrapper_s8(ctx, &params, &quant, &in, (const int8_t *)t->at[PROBE_INPUT], &filter,
                                   (const int8_t *)t->at[PROBE_WEIGHTS], &bias, (const int32_t *)t->at[PROBE_BIAS],
                                   &out, (int8_t *)t->at[PROBE_OUTPUT]);
}

static int depthwise_conv2d(const struct op *op, const struct tensors *t, const cmsis_nn_context *ctx)
{
    cmsis_nn_dw_conv_params params = depthwise_params(op);
    cmsis_nn_per_channel_quant_params quant = {(int32_t *)t->at[PROBE_MULTIPLIERS], (int32_t *)t->at[PROBE_SHIFTS]};
    cmsis_nn_dims in = input_dims(op), out = output_dims(op);
    cmsis_nn_dims filter = {1, op->kernel_h, op->kernel_w, op->out_c}, bias = {1, 1, 1, op->out_c};
    return arm_depthwise_conv_wrapper_s8(ctx, &params, &quant, &in, (const int8_t *)t->at[PROBE_INPUT], &filter,
                                         (const int8_t *)t->at[PROBE_WEIGHTS], &bias,
                                         (const int32_t *)t->at[PROBE_BIAS], &out, (int8_t *)t->at[PROBE_OUTPUT]);
}

/* With MVE, kernels from 5.0 on take sums of weights from the scratch buffer: 5 and 6 multiply them by the offset of
   the inputs, 7 takes them for that product with the bias. With an offset of 0 and these biases, both give the same. */
static const int32_t *biases_with_offset(const struct op *op, const struct tensors *t, int32_t inputs)
{
    const int8_t *weights = (const int8_t *)t->at[PROBE_WEIGHTS];
    const int32_t *biases = (const int32_t *)t->at[PROBE_BIAS];
    int32_t *sums = t->scratch;
    for (int32_t i = 0; i < op->out_c; i++) {
        int32_t sum = 0;
        for (int32_t j = 0; j < inputs; j++) {
            sum += *weights++;
        }
        sums[i] = biases[i] + op->in_offset * sum;
    }
    return sums;
}

static int fully_connected(const struct op *op, const struct tensors *t, const cmsis_nn_context *ctx)
{
    cmsis_nn_fc_params params = {op->in_offset, 0, op->out_offset, {op->act_min, op->act_max}};
    const int32_t *sums = (const int32_t *)t->at[PROBE_BIAS];
    cmsis_nn_per_tensor_quant_params quant = {op->out_multiplier, op->out_shift};
    int32_t inputs = op->in_h * op->in_w * op->in_c;
    cmsis_nn_dims in = {1, 1, 1, inputs}, out = {1, 1, 1, op->out_c};
    cmsis_nn_dims filter = {inputs, 1, 1, op->out_c}, bias = {1, 1, 1, op->out_c};
    if (ctx->size) {
        sums = biases_with_offset(op, t, inputs);
        params.input_offset = 0;
    }
    return arm_fully_connected_s8(ctx, &params, &quant, &in, (const int8_t *)t->at[PROBE_INPUT], &filter,
                                  (const int8_t *)t->at[PROBE_WEIGHTS], &bias, sums, &out,
                                  (int8_t *)t->at[PROBE_OUTPUT]);
}

static int pool(const struct op *op, const struct tensors *t, const cmsis_nn_context *ctx)
{
    cmsis_nn_pool_params params = pool_params(op);
    cmsis_nn_dims in = input_dims(op), out = output_dims(op), filter = {1, op->kernel_h, op->kernel_w, 1};
    const int8_t *input = (const int8_t *)t->at[PROBE_INPUT];
    int8_t *output = (int8_t *)t->at[PROBE_OUTPUT];
    if (op->kind == PROBE_MAX_POOL) {
        return arm_max_pool_s8(ctx, &params, &in, input, &filter, &out, output);
    }
    return arm_avgpool_s8(ctx, &params, &in, input, &filter, &out, output);
}

int probe_library_run(const struct op *op, const struct tensors *tensors)
{
    const cmsis_nn_context ctx = {tensors->scratch, (int32_t)tensors->scratch_bytes};
    switch (op->kind) {
    case PROBE_CONV2D:
        return conv2d(op, tensors, &ctx);
    case PROBE_DEPTHWISE_CONV2D:
        return depthwise_conv2d(op, tensors, &ctx);
    case PROBE_FULLY_CONNECTED:
        return fully_connected(op, tensors, &ctx);
    case PROBE_AVERAGE_POOL:
    case PROBE_MAX_POOL:
        return pool(op, tensors, &ctx);
    default:
        return 1;
    }
}

#else
typedef int probe_not_empty; /* ISO C requires a declaration in every file */
#endif
