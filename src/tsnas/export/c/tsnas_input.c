/* Converts raw sensor values to int8 levels of the input, and the output to a class, or rejects a window. */
#include <math.h>

#include "tsnas.h"

void tsnas_quantise(const float sample[TSNAS_CHANNELS], int8_t levels[TSNAS_CHANNELS])
{
    for (int channel = 0; channel < TSNAS_CHANNELS; channel++) {
        /* A division as in Python; multiplying by the reciprocal would occasionally round differently. */
        const float scaled = rintf((sample[channel] - tsnas_mean[channel]) / tsnas_step[channel]);
        const float level = scaled + (float)TSNAS_INPUT_ZERO_POINT;
        /* Written so that NaN becomes a level, too. */
        levels[channel] = level >= 127.0f ? 127 : level > -128.0f ? (int8_t)level : -128;
    }
}

int tsnas_class_of(const int8_t output[TSNAS_CLASSES])
{
    int best = 0;
    for (int i = 1; i < TSNAS_CLASSES; i++) {
        if (output[i] > output[best]) {
            best = i;
        }
    }
    return best;
}

float tsnas_probability(int8_t level)
{
    return (float)(level - TSNAS_OUTPUT_ZERO_POINT) * TSNAS_OUTPUT_SCALE;
}

int tsnas_classify(const float window[TSNAS_TIME][TSNAS_CHANNELS])
{
    int8_t *input = tsnas_input();
    for (int time = 0; time < TSNAS_TIME; time++) {
        tsnas_quantise(window[time], input + time * TSNAS_CHANNELS);
    }
    return tsnas_answer();
}

int tsnas_answer(void)
{
#ifdef TSNAS_REJECTED
    /* Before the model overwrites its input. */
    const int rejected = tsnas_is_rejected(tsnas_input());
#endif
    if (tsnas_run()) {
        return TSNAS_ERROR;
    }
#ifdef TSNAS_REJECTED
    if (rejected) {
        return TSNAS_REJECTED;
    }
#endif
    return tsnas_class_of(tsnas_output());
}

#ifdef TSNAS_REJECTED
/* Binary logarithm of a number above 0, in 1/256: the place of its highest bit, and a parabola for what follows it. */
static int32_t logarithm(uint64_t number)
{
    uint32_t whole = 0;
    while (number >> whole > 1) {
        whole++;
    }
    const uint32_t fraction = (uint32_t)(whole < 8 ? number << (8 - whole) : number >> (whole - 8)) & 255;
    return (int32_t)(whole * 256 + fraction + ((88 * fraction * (256 - fraction)) >> 16));
}

int tsnas_is_rejected(const int8_t *input)
{
    int32_t values[2 * TSNAS_CHANNELS];
    for (int channel = 0; channel < TSNAS_CHANNELS; channel++) {
        int64_t sum = 0, squares = 0;
        for (int time = 0; time < TSNAS_TIME; time++) {
            const int level = input[time * TSNAS_CHANNELS + channel];
            sum += level;
            squares += level * level;
        }
        values[channel] = (int32_t)sum;
        values[TSNAS_CHANNELS + channel] =
            logarithm((uint64_t)(TSNAS_TIME * squares - sum * sum) + TSNAS_REJECTION_LEAST);
    }
    int32_t nearest = INT32_MAX;
    for (int i = 0; i < TSNAS_CLASSES; i++) {
        int32_t distance = tsnas_rejection_bias[i];
        for (int at = 0; at < 2 * TSNAS_CHANNELS; at++) {
            const int64_t difference = (int64_t)values[at] - tsnas_rejection_centres[i][at];
            const uint64_t off = (uint64_t)(difference < 0 ? -difference : difference);
            /* In 1/16 deviations, of which a value counts no more than 64. */
            const uint64_t deviations = (off * tsnas_rejection_weights[i][at]) >> 24;
            const int32_t bounded = deviations < 1024 ? (int32_t)deviations : 1024;
            distance += bounded * bounded;
        }
        nearest = distance < nearest ? distance : nearest;
    }
    return nearest > TSNAS_REJECTION_LIMIT;
}
#endif
