/* A window that slides over a stream of samples: one goes in, every `stride` samples a class comes out. */
#ifndef TSNAS_STREAM_H
#define TSNAS_STREAM_H

#include "tsnas.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The last TSNAS_TIME samples as int8, so that a sample takes a quarter of the room that floats would. */
struct tsnas_stream {
    int8_t samples[TSNAS_TIME][TSNAS_CHANNELS];
    uint32_t next;   /* where the next sample goes */
    uint32_t due_in; /* samples until the next class */
    uint32_t stride;
#if TSNAS_DECIMATION > 1
    float sum[TSNAS_CHANNELS]; /* of the raw samples that become the next one */
    uint32_t summed;
#endif
};

/* `stride` of at least 1: samples of the model from one class to the next. */
void tsnas_stream_init(struct tsnas_stream *stream, uint32_t stride);

/* Takes one raw sample of the sensors: leaves out channels that the model does not take, and averages TSNAS_DECIMATION
   of them to a sample of the model. Returns what tsnas_stream_push does. */
int tsnas_stream_take(struct tsnas_stream *stream, const float raw[TSNAS_RAW_CHANNELS]);

/* Takes one sample of the model, in raw sensor units. Returns the class of the last TSNAS_TIME samples when one is due,
   TSNAS_NONE when not, TSNAS_ERROR if the model cannot be run; `tsnas_output()` has the levels of all classes. */
int tsnas_stream_push(struct tsnas_stream *stream, const float sample[TSNAS_CHANNELS]);

#ifdef __cplusplus
}
#endif

#endif
