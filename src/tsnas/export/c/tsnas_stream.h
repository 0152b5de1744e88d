/* A window that slides over a stream: takes one sample at a time and gives a class every `stride` samples. */
#ifndef TSNAS_STREAM_H
#define TSNAS_STREAM_H

#include "tsnas.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The last TSNAS_TIME samples, as int8 to take a quarter of the memory of floats. */
struct tsnas_stream {
    int8_t samples[TSNAS_TIME][TSNAS_CHANNELS];
    uint32_t next;   /* index of the next sample */
    uint32_t due_in; /* samples until the next class */
    uint32_t stride;
#if TSNAS_DECIMATION > 1
    float sum[TSNAS_CHANNELS]; /* of the raw samples that become the next one */
    uint32_t summed;
#endif
#ifdef TSNAS_SMOOTH
    uint32_t place;  /* of the next answer */
    uint32_t filled; /* answers that there are */
    int8_t levels[TSNAS_SMOOTH][TSNAS_CLASSES];
#ifdef TSNAS_REJECTED
    uint8_t rejected[TSNAS_SMOOTH]; /* whether each of them is a rejection */
#endif
#endif
};

/* Prepares a stream. `stride`: samples of the model from one class to the next, at least 1. */
void tsnas_stream_init(struct tsnas_stream *stream, uint32_t stride);

/* Takes one raw sample from the sensors: drops the channels that the model does not take and averages TSNAS_DECIMATION
   raw samples into one sample of the model. Returns the same values as tsnas_stream_push. */
int tsnas_stream_take(struct tsnas_stream *stream, const float raw[TSNAS_RAW_CHANNELS]);

/* Takes one sample of the model, in raw sensor units. Returns the class of the last TSNAS_TIME samples if one is due,
   TSNAS_NONE if not, TSNAS_ERROR if the model fails to run, TSNAS_REJECTED (of models that have it) if the window is
   like none of the classes; `tsnas_output()` then has the levels of all classes. With TSNAS_SMOOTH it is the class by
   the mean of the levels of the last TSNAS_SMOOTH windows, or of those that there are, without rejected ones; if more
   than half of them are rejected it is TSNAS_REJECTED, and if just half of them are, the last one decides. */
int tsnas_stream_push(struct tsnas_stream *stream, const float sample[TSNAS_CHANNELS]);

#ifdef __cplusplus
}
#endif

#endif
