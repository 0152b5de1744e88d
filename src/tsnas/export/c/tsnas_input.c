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

/* A difference of values in 1/256 deviations, of which 64 count at most. */
static int32_t bounded(int64_t difference)
{
    return difference > 16384 ? 16384 : difference < -16384 ? -16384 : (int32_t)difference;
}

int tsnas_is_rejected(const int8_t *input)
{
    /* Means, spreads and speeds, in 1/256 deviations. */
    int32_t values[3 * TSNAS_CHANNELS];
    for (int channel = 0; channel < TSNAS_CHANNELS; channel++) {
        int64_t sum = 0, squares = 0, steps = 0;
        int last = input[channel];
        for (int time = 0; time < TSNAS_TIME; time++) {
            const int level = input[time * TSNAS_CHANNELS + channel];
            sum += level;
            squares += level * level;
            steps += (level - last) * (level - last);
            last = level;
        }
        const uint64_t raw[3] = {
            (uint64_t)(sum + 128LL * TSNAS_TIME),
            (uint64_t)logarithm((uint64_t)(TSNAS_TIME * squares - sum * sum) + TSNAS_REJECTION_LEAST_SPREAD),
            (uint64_t)logarithm((uint64_t)steps + TSNAS_REJECTION_LEAST_SPEED),
        };
        for (int kind = 0; kind < 3; kind++) {
            const int at = kind * TSNAS_CHANNELS + channel;
            values[at] = (int32_t)((raw[kind] * tsnas_rejection_weights[at]) >> 22);
        }
    }
    for (int i = 0; i < TSNAS_CLASSES; i++) {
        const int16_t *factor = tsnas_rejection_factors[i];
        uint32_t distance = 0;
        /* Values of three channels in a row are correlated; each row of a triangle makes one that is not. */
        for (int first = 0; first < TSNAS_CHANNELS; first += 3) {
            const int axes = TSNAS_CHANNELS - first < 3 ? TSNAS_CHANNELS - first : 3;
            int32_t off[9];
            for (int row = 0; row < 3 * axes; row++) {
                const int at = row / axes * TSNAS_CHANNELS + first + row % axes;
                off[row] = bounded((int64_t)values[at] - tsnas_rejection_centres[i][at]);
                int64_t product = 0;
                for (int column = 0; column <= row; column++) {
                    product += (int64_t)*factor++ * off[column];
                }
                /* In 1/16 deviations, of which 64 count at most. */
                const uint64_t deviations = (uint64_t)(product < 0 ? -product : product) >> 16;
                const uint32_t counted = deviations < 1024 ? (uint32_t)deviations : 1024;
                distance += counted * counted;
            }
        }
        if (distance <= tsnas_rejection_limits[i]) {
            return 0;
        }
    }
    return 1;
}
#endif
