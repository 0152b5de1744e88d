/* The kernels with CMSIS-NN, for Cortex-M; omitted if TSNAS_PORTABLE is defined. */
#include "tsnas_choice.h"

#ifndef TSNAS_PORTABLE

#include "arm_nnfunctions.h"
#include "tsnas_kernels.h"

static cmsis_nn_dims dims(const struct tsnas_shape *shape)
{
    return (cmsis_nn_dims){1, shape->height, shape->width, shape->channels};
}

int tsnas_conv2d(const struct tsnas_conv *layer, const int8_t *in, int8_t *out, void *scratch, int32_t scratch_bytes)
{
    const cmsis_nn_conv_params params = {
        .input_offset = layer->in_offset,
        .output_offset = layer->out_offset,
        .stride = {layer->stride_width, layer->stride_height},
        .padding = {layer->pad_left, layer->pad_top},
        .dilation = {layer->dilation_width, layer->dilation_height},
        .activation = {layer->act_min, layer->act_max},
    };
    const cmsis_nn_per_channel_quant_params quantisation = {(int32_t *)layer->multipliers, (int32_t *)layer->shifts};
    const cmsis_nn_dims in_dims = dims(&layer->in), out_dims = dims(&layer->out);
    const cmsis_nn_dims filter = {layer->out.channels, layer->kernel_height, layer->kernel_width, layer->in.channels};
    const cmsis_nn_dims bias = {1, 1, 1, layer->out.channels};
    const cmsis_nn_context context = {scratch, scratch_bytes};
    if (arm_convolve_wrapper_s8_get_buffer_size(&params, &in_dims, &filter, &out_dims) > scratch_bytes) {
        return 1;
    }
    return arm_convolve_wrapper_s8(&context, &params, &quantisation, &in_dims, in, &filter, layer->weights, &bias,
                                   layer->bias, &out_dims, out);
}

int tsnas_depthwise_conv2d(const struct tsnas_conv *layer, const int8_t *in, int8_t *out, void *scratch,
                           int32_t scratch_bytes)
{
    const cmsis_nn_dw_conv_params params = {
        .input_offset = layer->in_offset,
        .output_offset = layer->out_offset,
        .ch_mult = layer->out.channels / layer->in.channels,
        .stride = {layer->stride_width, layer->stride_height},
        .padding = {layer->pad_left, layer->pad_top},
        .dilation = {layer->dilation_width, layer->dilation_height},
        .activation = {layer->act_min, layer->act_max},
    };
    const cmsis_nn_per_channel_quant_params quantisation = {(int32_t *)layer->multipliers, (int32_t *)layer->shifts};
    const cmsis_nn_dims in_dims = dims(&layer->in), out_dims = dims(&layer->out);
    const cmsis_nn_dims filter = {1, layer->kernel_height, layer->kernel_width, layer->out.channels};
    const cmsis_nn_dims bias = {1, 1, 1, layer->out.channels};
    const cmsis_nn_context context = {scratch, scratch_bytes};
    if (arm_depthwise_conv_wrapper_s8_get_buffer_size(&params, &in_dims, &filter, &out_dims) > scratch_bytes) {
        return 1;
    }
    return arm_depthwise_conv_wrapper_s8(&context, &params, &quantisation, &in_dims, in, &filter, layer->weights,
                                         &bias, layer->bias, &out_dims, out);
}

int tsnas_fully_connected(const struct tsnas_dense *layer, const int8_t *in, int8_t *out)
{
    const cmsis_nn_fc_params params = {
        .input_offset = layer->in_offset,
        .output_offset = layer->out_offset,
        .activation = {layer->act_min, layer->act_max},
    };
    const cmsis_nn_per_tensor_quant_params quantisation = {layer->multiplier, layer->shift};
    const cmsis_nn_dims in_dims = {1, 1, 1, layer->inputs}, out_dims = {1, 1, 1, layer->outputs};
    const cmsis_nn_dims filter = {layer->inputs, 1, 1, layer->outputs};
    /* The biases have what an offset of the inputs adds. With MVE, versions from 5.0 on read them from the context. */
    const cmsis_nn_context context = {(void *)layer->bias, layer->outputs * (int32_t)sizeof(int32_t)};
    return arm_fully_connected_s8(&context, &params, &quantisation, &in_dims, in, &filter, layer->weights, &out_dims,
                                  layer->bias, &out_dims, out);
}

static cmsis_nn_pool_params pool_params(const struct tsnas_pool *layer)
{
    return (cmsis_nn_pool_params){
        .stride = {layer->stride_width, layer->stride_height},
        .padding = {layer->pad_left, layer->pad_top},
        .activation = {layer->act_min, layer->act_max},
    };
}

int tsnas_max_pool(const struct tsnas_pool *layer, const int8_t *in, int8_t *out)
{
    const cmsis_nn_pool_params params = pool_params(layer);
    const cmsis_nn_dims in_dims = dims(&layer->in), out_dims = dims(&layer->out);
    const cmsis_nn_dims filter = {1, layer->kernel_height, layer->kernel_width, 1};
    const cmsis_nn_context context = {0, 0};
    return arm_max_pool_s8(&context, &params, &in_dims, in, &filter, &out_dims, out);
}

int tsnas_average_pool(const struct tsnas_pool *layer, const int8_t *in, int8_t *out, void *scratch,
                       int32_t scratch_bytes)
{
    const cmsis_nn_pool_params params = pool_params(layer);
    const cmsis_nn_dims in_dims = dims(&layer->in), out_dims = dims(&layer->out);
    const cmsis_nn_dims filter = {1, layer->kernel_height, layer->kernel_width, 1};
    const cmsis_nn_context context = {scratch, scratch_bytes};
    if (arm_avgpool_s8_get_buffer_size(layer->out.width, layer->in.channels) > scratch_bytes) {
        return 1;
    }
    return arm_avgpool_s8(&context, &params, &in_dims, in, &filter, &out_dims, out);
}

#else
typedef int tsnas_not_empty; /* ISO C requires a declaration in every file */
#endif
