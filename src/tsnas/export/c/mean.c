/* Mean over time and channels of an int8 tensor, as TensorFlow Lite Micro defines it. */
#include "arithmetic.h"
#include "fixed_point.h"

void mean_s8(const struct mean_params *params, const int8_t *in, int8_t *out, int32_t positions, int32_t channels)
{
    for (int32_t channel = 0; channel < channels; channel++) {
        int32_t sum = 0;
        for (int32_t i = 0; i < positions; i++) {
            sum += in[i * channels + channel] + params->in_offset;
        }
        int32_t scaled = requantize(sum, params->multiplier, params->shift);
        out[channel] = (int8_t)clamped(scaled + params->out_offset, params->act_min, params->act_max);
    }
}
