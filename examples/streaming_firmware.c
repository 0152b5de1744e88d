/* The device's program on a PC: reads raw samples from stdin, and prints a line with a class whenever one is due. */
#include <stdio.h>

#include "tsnas_selftest.h"
#include "tsnas_stream.h"

_Static_assert(SENSOR_CHANNELS >= TSNAS_RAW_CHANNELS, "the model takes channels that the sensors do not have");

int main(void)
{
    static struct tsnas_stream stream;
    float sample[SENSOR_CHANNELS];
    if (tsnas_init() || tsnas_selftest()) {
        fprintf(stderr, "The self-test failed: the model does not compute the expected outputs.\n");
        return 1;
    }
    tsnas_stream_init(&stream, STRIDE);
    while (fread(sample, sizeof sample, 1, stdin) == 1) {
        const int found = tsnas_stream_take(&stream, sample);
        if (found == TSNAS_ERROR) {
            return 1;
        }
        if (found != TSNAS_NONE) {
            puts(tsnas_class_names[found]);
        }
    }
    return 0;
}
