/* Answers the host's requests: identifies the board, runs one operator at a time, and transfers its tensors. */
#include "probe.h"

#include "../ops/kernels.h"
#include "crc32.h"
#include "link.h"
#include "places.h"
#include "port.h"

#ifndef PROBE_COMPILER
#define PROBE_COMPILER __VERSION__
#endif
#ifndef PROBE_FLAGS
#if defined(__OPTIMIZE_SIZE__)
#define PROBE_FLAGS "-Os"
#elif defined(__OPTIMIZE__)
#define PROBE_FLAGS "optimised for speed"
#else
#define PROBE_FLAGS "not optimised"
#endif
#endif

static struct frame request, answer;
static struct op op;
static struct tensors tensors;
static uint32_t session;  /* chosen by the host; 0 after a reset */
static uint8_t placed;    /* whether `tensors` belong to `op` */
static uint32_t overhead; /* counts that reading the counter itself takes */

static uint32_t get_word(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put_byte(uint8_t value)
{
    answer.payload[answer.length++] = value;
}

static void put_word(uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        put_byte((uint8_t)(value >> (8 * i)));
    }
}

static void put_text(const char *text)
{
    while (*text && answer.length < PROBE_MAX_PAYLOAD - 1) {
        put_byte((uint8_t)*text++);
    }
    if (answer.length < PROBE_MAX_PAYLOAD) {
        put_byte(0);
    }
}

static uint64_t count_at(uint64_t ticks)
{
    return (ticks * probe_port_info.numerator + probe_port_info.denominator - 1) / probe_port_info.denominator;
}

/* Returns the counts between two ticks. Each tick is converted to a count by itself, which is exact if ticks are finer
   than counts. */
static uint32_t counted(uint32_t start, uint32_t end)
{
    uint64_t later = end < start ? end + (1ull << 32) : end;
    return (uint32_t)(count_at(later) - count_at(start));
}

static void hello(void)
{
    if (request.length != 4 || get_word(request.payload) == 0) {
        put_byte(PROBE_BAD_REQUEST);
        return;
    }
    session = get_word(request.payload);
    placed = 0;
    probe_port_quiet();
    uint32_t start = probe_port_ticks();
    overhead = counted(start, probe_port_ticks());
    probe_port_normal();
    put_byte(PROBE_OK);
    put_byte(PROBE_VERSION);
    put_byte(probe_port_info.counter);
    put_word(probe_port_info.clock_hz);
    put_word(probe_arena_bytes);
    put_text(probe_port_info.board);
    put_text(probe_port_info.core);
    put_text(probe_kernels);
    put_text(PROBE_COMPILER);
    put_text(PROBE_FLAGS);
}

static void status(void)
{
    put_byte(PROBE_OK);
    put_word(session);
    put_byte(placed);
    put_word(placed ? tensors.free_bytes : probe_arena_bytes);
}

#ifdef PROBE_RESET_AFTER
/* For tests: a board that resets after some operators, before it answers. */
static void maybe_reset(void)
{
    static int runs;
    if (++runs > PROBE_RESET_AFTER) {
        probe_port_reset();
    }
}
#else
#define maybe_reset()
#endif

/* Runs the operator once and returns its count; sets `failed` if the kernel fails. */
static uint32_t timed(int *failed)
{
    probe_port_quiet();
    uint32_t start = probe_port_ticks();
    *failed = probe_kernel_run(&op, &tensors);
    uint32_t count = counted(start, probe_port_ticks());
    probe_port_normal();
    return count > overhead ? count - overhead : 0;
}

/* The same with a coarse clock, which counts on interrupts: runs it until the clock has moved far enough for one run to
   be known well. `rounds` is how often that was, to begin with the next time. */
static uint32_t timed_coarsely(int *failed, uint32_t *rounds)
{
    for (;;) {
        uint32_t start = probe_port_ticks();
        for (uint32_t i = 0; i < *rounds && !*failed; i++) {
            *failed = probe_kernel_run(&op, &tensors);
        }
        uint32_t ticks = probe_port_ticks() - start;
        if (*failed || ticks >= probe_port_info.least_ticks || *rounds >= 1u << 30) {
            return (uint32_t)((count_at(ticks) + *rounds / 2) / *rounds);
        }
        *rounds *= 2;
    }
}

/* Request: source, repeats, seed, operator. With no repeats, the tensors are only placed. */
static void run(void)
{
    if (request.length != 6 + 4 * PROBE_OP_WORDS && request.length != 6 + 4 * PROBE_UNDILATED_OP_WORDS) {
        put_byte(PROBE_BAD_REQUEST);
        return;
    }
    maybe_reset();
    uint8_t source = request.payload[0], repeats = request.payload[1];
    int32_t *words = (int32_t *)&op;
    op.dilation_h = op.dilation_w = 1;
    for (uint32_t i = 0; i < (request.length - 6u) / 4; i++) {
        words[i] = (int32_t)get_word(request.payload + 6 + 4 * i);
    }
    uint8_t result = probe_place(&op, &tensors);
    placed = result == PROBE_OK;
    if (placed && source == PROBE_SEEDED) {
        probe_fill(&op, &tensors, get_word(request.payload + 2));
    }
    uint32_t least = UINT32_MAX, most = 0, rounds = 1;
    uint64_t sum = 0;
    for (int i = 0; result == PROBE_OK && i < repeats; i++) {
        int failed = 0;
        uint32_t count = probe_port_info.least_ticks ? timed_coarsely(&failed, &rounds) : timed(&failed);
        if (failed) {
            result = PROBE_KERNEL_FAILED;
        }
        least = count < least ? count : least;
        most = count > most ? count : most;
        sum += count;
    }
    put_byte(result);
    put_byte(repeats);
    put_word(least);
    put_word(most);
    put_word((uint32_t)sum);
    put_word((uint32_t)(sum >> 32));
    put_word(placed ? probe_crc32(0, tensors.at[PROBE_OUTPUT], tensors.bytes[PROBE_OUTPUT]) : 0);
    put_word(tensors.scratch_bytes);
    put_word(tensors.used_bytes);
    put_word(tensors.free_bytes);
    for (int i = 0; i < PROBE_TENSORS; i++) {
        put_word(tensors.bytes[i]);
    }
}

/* Returns the address for a WRITE or READ; 0 if it is outside the tensor. */
static uint8_t *place(uint32_t length)
{
    uint8_t tensor = request.payload[0];
    uint32_t offset = get_word(request.payload + 1);
    if (!placed || tensor >= PROBE_TENSORS || offset > tensors.bytes[tensor] ||
        length > tensors.bytes[tensor] - offset) {
        return 0;
    }
    return tensors.at[tensor] + offset;
}

static void write_tensor(void)
{
    uint8_t *at = request.length >= 5 ? place(request.length - 5) : 0;
    put_byte(at ? PROBE_OK : PROBE_BAD_REQUEST);
    for (uint32_t i = 5; at && i < request.length; i++) {
        *at++ = request.payload[i];
    }
}

static void read_tensor(void)
{
    uint32_t length = request.length == 6 ? request.payload[5] : 0;
    uint8_t *at = length && length < PROBE_MAX_PAYLOAD ? place(length) : 0;
    put_byte(at ? PROBE_OK : PROBE_BAD_REQUEST);
    for (uint32_t i = 0; at && i < length; i++) {
        put_byte(at[i]);
    }
}

static void respond(void)
{
    answer.type = request.type | PROBE_ANSWER;
    answer.number = request.number;
    answer.length = 0;
    if (request.type == PROBE_HELLO) {
        hello();
    } else if (request.type == PROBE_STATUS) {
        status();
    } else if (session == 0) {
        put_byte(PROBE_NO_SESSION);
    } else if (request.type == PROBE_RUN) {
        run();
    } else if (request.type == PROBE_WRITE) {
        write_tensor();
    } else if (request.type == PROBE_READ) {
        read_tensor();
    } else {
        put_byte(PROBE_BAD_REQUEST);
    }
    probe_send(&answer);
}

void probe_poll(void)
{
    int byte;
    while ((byte = probe_port_read()) >= 0) {
        if (probe_receive((uint8_t)byte, &request)) {
            respond();
        }
    }
}
