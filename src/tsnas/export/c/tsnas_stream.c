/* The ring buffer behind tsnas_stream.h. */
#include "tsnas_stream.h"

#include <string.h>

void tsnas_stream_init(struct tsnas_stream *stream, uint32_t stride)
{
    stream->next = 0;
    stream->due_in = TSNAS_TIME;
    stream->stride = stride ? stride : 1;
}

int tsnas_stream_push(struct tsnas_stream *stream, const float sample[TSNAS_CHANNELS])
{
    tsnas_quantise(sample, stream->samples[stream->next]);
    stream->next = (stream->next + 1) % TSNAS_TIME;
    if (--stream->due_in) {
        return TSNAS_NONE;
    }
    stream->due_in = stream->stride;
    /* The oldest sample is where the next one will go. */
    const uint32_t older = TSNAS_TIME - stream->next;
    int8_t *input = tsnas_input();
    memcpy(input, stream->samples[stream->next], older * TSNAS_CHANNELS);
    memcpy(input + older * TSNAS_CHANNELS, stream->samples[0], stream->next * TSNAS_CHANNELS);
    return tsnas_run() ? TSNAS_ERROR : tsnas_class_of(tsnas_output());
}
