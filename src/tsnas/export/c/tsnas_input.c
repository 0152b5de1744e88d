/* Converts raw sensor values to the int8 levels of the model's input, and its output to a class. */
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
    return tsnas_run() ? TSNAS_ERROR : tsnas_class_of(tsnas_output());
}
