/* The protocol of host and probe; docs/probe.md explains it, src/tsnas/probe/protocol.py has the same numbers. */
#ifndef TSNAS_PROTOCOL_H
#define TSNAS_PROTOCOL_H

#define PROBE_VERSION 1

/* Longest payload of a frame; before encoding, a frame has 6 more bytes. */
#define PROBE_MAX_PAYLOAD 248

/* Messages. An answer has the type of its request, with the highest bit set. */
#define PROBE_HELLO 1
#define PROBE_STATUS 2
#define PROBE_RUN 3
#define PROBE_WRITE 4
#define PROBE_READ 5
#define PROBE_ANSWER 0x80

/* First byte of every answer. */
#define PROBE_OK 0
#define PROBE_BAD_REQUEST 1
#define PROBE_NO_SESSION 2
#define PROBE_OUT_OF_MEMORY 3
#define PROBE_UNSUPPORTED 4
#define PROBE_KERNEL_FAILED 5

/* Units of the counter. */
#define PROBE_CYCLES 0
#define PROBE_INSTRUCTIONS 1

/* Sources of the tensors of a RUN. */
#define PROBE_SEEDED 0
#define PROBE_WRITTEN 1

/* Operators. */
#define PROBE_CONV2D 1
#define PROBE_DEPTHWISE_CONV2D 2
#define PROBE_FULLY_CONNECTED 3
#define PROBE_AVERAGE_POOL 4
#define PROBE_MAX_POOL 5
#define PROBE_ADD 6
#define PROBE_MEAN 7
#define PROBE_SOFTMAX 8
/* The kernels that exports have for the last three; only firmware with the portable kernels runs them. */
#define PROBE_EXPORTED_ADD 9
#define PROBE_EXPORTED_MEAN 10
#define PROBE_EXPORTED_SOFTMAX 11

/* Tensors of an operator, for WRITE and READ. */
#define PROBE_INPUT 0
#define PROBE_INPUT2 1
#define PROBE_WEIGHTS 2
#define PROBE_BIAS 3
#define PROBE_MULTIPLIERS 4
#define PROBE_SHIFTS 5
#define PROBE_OUTPUT 6
#define PROBE_TENSORS 7

/* Number of words in an operator's description, in the order of struct op; the dilations at its end may be left out. */
#define PROBE_OP_WORDS 27
#define PROBE_UNDILATED_OP_WORDS 25

#endif
