/* The layers of a network: their parameters, and the kernels that compute them. */
#ifndef TSNAS_KERNELS_H
#define TSNAS_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tsnas_shape {
    int32_t height, width, channels;
};

/* A convolution; the weights of a depthwise one have the shape (kernel height, kernel width, output channels). */
struct tsnas_conv {
    struct tsnas_shape in, out;
    int32_t kernel_height, kernel_width, stride_height, stride_width, pad_top, pad_left;
    int32_t dilation_height, dilation_width; /* distance of neighbouring taps of the kernel */
    int32_t in_offset, out_offset, act_min, act_max;
    const int8_t *weights;
    const int32_t *bias, *multipliers, *shifts; /* one for each output channel */
};

struct tsnas_dense {
    int32_t inputs, outputs;
    int32_t in_offset, out_offset, multiplier, shift, act_min, act_max;
    const int8_t *weights;
    const int32_t *bias;
};

struct tsnas_pool {
    struct tsnas_shape in, out;
    int32_t kernel_height, kernel_width, stride_height, stride_width, pad_top, pad_left;
    int32_t act_min, act_max;
};

/* Each returns 0, or another value if the kernel fails or needs more scratch memory than there is. */
int tsnas_conv2d(const struct tsnas_conv *layer, const int8_t *in, int8_t *out, void *scratch, int32_t scratch_bytes);
int tsnas_depthwise_conv2d(const struct tsnas_conv *layer, const int8_t *in, int8_t *out, void *scratch,
                           int32_t scratch_bytes);
int tsnas_fully_connected(const struct tsnas_dense *layer, const int8_t *in, int8_t *out);
int tsnas_max_pool(const struct tsnas_pool *layer, const int8_t *in, int8_t *out);
int tsnas_average_pool(const struct tsnas_pool *layer, const int8_t *in, int8_t *out, void *scratch,
                       int32_t scratch_bytes);

#ifdef __cplusplus
}
#endif

#endif
