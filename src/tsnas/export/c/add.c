/* Addition of two int8 tensors of the same shape, as TensorFlow Lite Micro defines it. */
#include "arithmetic.h"
#include "fixed_point.h"

#define LEFT_SHIFT 20

void add_s8(const struct add_params *params, const int8_t *a, const int8_t *b, int8_t *out, int32_t size)
{
    for (int32_t i = 0; i < size; i++) {
        int32_t left = (a[i] + params->in_offset) * (1 << LEFT_SHIFT);
        int32_t right = (b[i] + params->in2_offset) * (1 << LEFT_SHIFT);
        int32_t sum = requantize(left, params->in_multiplier, params->in_shift) +
                      requantize(right, params->in2_multiplier, params->in2_shift);
        int32_t scaled = requantize(sum, params->out_multiplier, params->out_shift) + params->out_offset;
        out[i] = (int8_t)clamped(scaled, params->act_min, params->act_max);
    }
}
