/* Mean over time and sensors of an int8 tensor, as TensorFlow Lite Micro defines it. */
#include "fixed_point.h"
#include "kernels.h"

void mean_s8(const struct op *op, const int8_t *in, int8_t *out)
{
    int32_t count = op->in_h * op->in_w;
    for (int32_t channel = 0; channel < op->in_c; channel++) {
        int32_t sum = 0;
        for (int32_t i = 0; i < count; i++) {
            sum += in[i * op->in_c + channel] + op->in_offset;
        }
        int32_t scaled = requantize(sum, op->out_multiplier, op->out_shift);
        out[channel] = (int8_t)clamped(scaled + op->out_offset, op->act_min, op->act_max);
    }
}
