/* The ring buffer behind tsnas_stream.h. */
#include "tsnas_stream.h"

#include <string.h>

void tsnas_stream_init(struct tsnas_stream *stream, uint32_t stride)
{
    stream->next = 0;
    stream->due_in = TSNAS_TIME;
    stream->stride = stride ? stride : 1;
#if TSNAS_DECIMATION > 1
    stream->summed = 0;
#endif
}

int tsnas_stream_take(struct tsnas_stream *stream, const float raw[TSNAS_RAW_CHANNELS])
{
    float sample[TSNAS_CHANNELS];
    for (int channel = 0; channel < TSNAS_CHANNELS; channel++) {
        sample[channel] = raw[tsnas_taken[channel]];
    }
#if TSNAS_DECIMATION > 1
    for (int channel = 0; channel < TSNAS_CHANNELS; channel++) {
        stream->sum[channel] = stream->summed ? stream->sum[channel] + sample[channel] : sample[channel];
    }
    if (++stream->summed < TSNAS_DECIMATION) {
        return TSNAS_NONE;
    }
    stream->summed = 0;
    for (int channel = 0; channel < TSNAS_CHANNELS; channel++) {
        sample[channel] = stream->sum[channel] / (float)TSNAS_DECIMATION;
    }
#endif
    return tsnas_stream_push(stream, sample);
}

int tsnas_stream_push(struct tsnas_stream *stream, const float sample[TSNAS_CHANNELS])
{
    tsnas_quantise(sample, stream->samples[stream->next]);
    stream->next = (stream->next + 1) % TSNAS_TIME;
    if (--stream->due_in) {
        return TSNAS_NONE;
    }
    stream->due_in = stream->stride;
    /* The oldest sample is at the place where the next one will go. */
    const uint32_t older = TSNAS_TIME - stream->next;
    int8_t *input = tsnas_input();
    memcpy(input, stream->samples[stream->next], older * TSNAS_CHANNELS);
    memcpy(input + older * TSNAS_CHANNELS, stream->samples[0], stream->next * TSNAS_CHANNELS);
    return tsnas_answer();
}
