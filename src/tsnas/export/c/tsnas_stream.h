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
};

/* `stride` of at least 1: samples from one class to the next. */
void tsnas_stream_init(struct tsnas_stream *stream, uint32_t stride);

/* Takes one sample in raw sensor units. Returns the class of the last TSNAS_TIME samples when one is due, TSNAS_NONE
   when not, TSNAS_ERROR if the model cannot be run; `tsnas_output()` has the levels of all classes. */
int tsnas_stream_push(struct tsnas_stream *stream, const float sample[TSNAS_CHANNELS]);

#ifdef __cplusplus
}
#endif

#endif
