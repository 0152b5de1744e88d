/* Addition of two int8 tensors of one shape, as TensorFlow Lite Micro defines it. */
#include "fixed_point.h"
#include "kernels.h"

#define LEFT_SHIFT 20

void add_s8(const struct op *op, const int8_t *a, const int8_t *b, int8_t *out)
{
    int32_t size = op->in_h * op->in_w * op->in_c;
    for (int32_t i = 0; i < size; i++) {
        int32_t left = (a[i] + op->in_offset) * (1 << LEFT_SHIFT);
        int32_t right = (b[i] + op->in2_offset) * (1 << LEFT_SHIFT);
        int32_t sum = requantize(left, op->in_multiplier, op->in_shift) +
                      requantize(right, op->in2_multiplier, op->in2_shift);
        int32_t scaled = requantize(sum, op->out_multiplier, op->out_shift) + op->out_offset;
        out[i] = (int8_t)clamped(scaled, op->act_min, op->act_max);
    }
}
