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
#ifdef TSNAS_SMOOTH
    stream->place = 0;
    stream->filled = 0;
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

#ifdef TSNAS_SMOOTH
/* Keeps an answer, and returns that of the last TSNAS_SMOOTH windows. */
static int smoothed(struct tsnas_stream *stream, int found)
{
    if (found == TSNAS_ERROR) {
        return TSNAS_ERROR;
    }
    int8_t *levels = stream->levels[stream->place];
    memcpy(levels, tsnas_output(), TSNAS_CLASSES);
#ifdef TSNAS_REJECTED
    stream->rejected[stream->place] = found == TSNAS_REJECTED;
    if (found == TSNAS_REJECTED) {
        /* The same for all classes, so that it makes no difference between them. */
        memset(levels, 0, TSNAS_CLASSES);
    }
#endif
    stream->place = (stream->place + 1) % TSNAS_SMOOTH;
    if (stream->filled < TSNAS_SMOOTH) {
        stream->filled++;
    }
#ifdef TSNAS_REJECTED
    uint32_t rejected = 0;
    for (uint32_t i = 0; i < stream->filled; i++) {
        rejected += stream->rejected[i];
    }
    if (2 * rejected > stream->filled || (2 * rejected == stream->filled && found == TSNAS_REJECTED)) {
        return TSNAS_REJECTED;
    }
#endif
    int best = 0;
    int32_t most = INT32_MIN;
    for (int class_index = 0; class_index < TSNAS_CLASSES; class_index++) {
        int32_t sum = 0;
        for (uint32_t i = 0; i < stream->filled; i++) {
            sum += stream->levels[i][class_index];
        }
        if (sum > most) {
            most = sum;
            best = class_index;
        }
    }
    return best;
}
#endif

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
#ifdef TSNAS_SMOOTH
    return smoothed(stream, tsnas_answer());
#else
    return tsnas_answer();
#endif
}
