/* An exported model on an emulated board: receives samples over the serial line and sends classes.
   'S' runs the self-test, whose result is an int32. 'N' is followed by a stride, a count and that many samples; when a
   class is due, the answer is that class, its levels and the ticks of each layer, and at the end TSNAS_NONE. 'R' is the
   same with raw samples. */
#include "port.h"
#include "tsnas_selftest.h"
#include "tsnas_stream.h"

static struct tsnas_stream stream;
static uint32_t ticks[TSNAS_LAYERS], started;

void tsnas_layer_done(int number)
{
    const uint32_t now = probe_port_ticks();
    ticks[number] = now - started;
    started = probe_port_ticks();
}

static void take(void *to, uint32_t bytes)
{
    for (uint8_t *at = to; bytes; bytes--) {
        int byte;
        while ((byte = probe_port_read()) < 0) {
        }
        *at++ = (uint8_t)byte;
    }
}

static void give(const void *from, uint32_t bytes)
{
    for (const uint8_t *at = from; bytes; bytes--) {
        probe_port_write(*at++);
    }
}

static void give_number(int32_t number)
{
    give(&number, sizeof number);
}

static void classify(int raw)
{
    uint32_t stride, samples;
    take(&stride, sizeof stride);
    take(&samples, sizeof samples);
    tsnas_stream_init(&stream, stride);
    for (; samples; samples--) {
        float sample[TSNAS_RAW_CHANNELS];
        take(sample, (raw ? TSNAS_RAW_CHANNELS : TSNAS_CHANNELS) * sizeof *sample);
        started = probe_port_ticks();
        const int found = raw ? tsnas_stream_take(&stream, sample) : tsnas_stream_push(&stream, sample);
        if (found != TSNAS_NONE) {
            give_number(found);
            give(tsnas_output(), TSNAS_CLASSES);
            give(ticks, sizeof ticks);
        }
    }
    give_number(TSNAS_NONE);
}

int main(void)
{
    probe_port_init();
    tsnas_init();
    for (;;) {
        uint8_t command;
        take(&command, 1);
        if (command == 'S') {
            give_number(tsnas_selftest());
        } else if (command == 'N' || command == 'R') {
            classify(command == 'R');
        }
    }
}
