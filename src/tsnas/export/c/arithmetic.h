/* Operators without a CMSIS-NN kernel, in the arithmetic of TensorFlow Lite Micro. */
#ifndef TSNAS_ARITHMETIC_H
#define TSNAS_ARITHMETIC_H

#include <stdint.h>

struct add_params {
    int32_t in_offset, in2_offset, out_offset;
    int32_t in_multiplier, in_shift, in2_multiplier, in2_shift, out_multiplier, out_shift;
    int32_t act_min, act_max;
};

struct mean_params {
    int32_t in_offset, out_offset, multiplier, shift, act_min, act_max;
};

struct softmax_params {
    int32_t multiplier, shift, diff_min;
};

/* Sum of two tensors of the same shape. */
void add_s8(const struct add_params *params, const int8_t *a, const int8_t *b, int8_t *out, int32_t size);

/* Mean over the positions of a tensor (positions, channels). */
void mean_s8(const struct mean_params *params, const int8_t *in, int8_t *out, int32_t positions, int32_t channels);

/* Softmax of one vector, with an output scale of 1/256 and a zero point of -128. */
void softmax_s8(const struct softmax_params *params, const int8_t *in, int8_t *out, int32_t size);

#endif
