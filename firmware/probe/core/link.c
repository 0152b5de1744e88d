/* Frames: type, number, payload and CRC-32, encoded (COBS) so that a zero byte ends a frame and occurs only there. */
#include "link.h"

#include "crc32.h"
#include "port.h"

#define HEAD 2
#define TAIL 4
#define MAX_FRAME (HEAD + PROBE_MAX_PAYLOAD + TAIL)

static uint8_t incoming[MAX_FRAME];
static uint32_t filled;   /* bytes of the frame so far */
static uint8_t block;     /* encoded bytes up to the next code */
static uint8_t had_code;  /* whether a block has begun in this frame */
static uint8_t short_code; /* whether a zero follows the block */
static uint8_t spoilt;    /* whether the current frame is unusable */

static void forget(void)
{
    filled = block = had_code = short_code = spoilt = 0;
}

static void keep(uint8_t byte)
{
    if (filled < MAX_FRAME) {
        incoming[filled++] = byte;
    } else {
        spoilt = 1;
    }
}

static uint32_t word_at(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* Returns whether the received bytes are a frame, and discards them in any case. */
static int completed(struct frame *frame)
{
    uint32_t length = filled;
    int good = had_code && !spoilt && block == 0 && length >= HEAD + TAIL &&
               probe_crc32(0, incoming, length - TAIL) == word_at(incoming + length - TAIL);
    forget();
    if (!good) {
        return 0;
    }
    frame->type = incoming[0];
    frame->number = incoming[1];
    frame->length = length - HEAD - TAIL;
    for (uint32_t i = 0; i < frame->length; i++) {
        frame->payload[i] = incoming[HEAD + i];
    }
    return 1;
}

int probe_receive(uint8_t byte, struct frame *frame)
{
    if (byte == 0) {
        return completed(frame);
    }
    if (block == 0) {
        if (had_code && short_code) {
            keep(0);
        }
        block = byte - 1;
        short_code = byte < 0xff;
        had_code = 1;
    } else {
        keep(byte);
        block--;
    }
    return 0;
}

void probe_send(const struct frame *frame)
{
    uint8_t bytes[MAX_FRAME];
    uint32_t length = 0;
    bytes[length++] = frame->type;
    bytes[length++] = frame->number;
    for (uint32_t i = 0; i < frame->length; i++) {
        bytes[length++] = frame->payload[i];
    }
    uint32_t crc = probe_crc32(0, bytes, length);
    for (int i = 0; i < TAIL; i++) {
        bytes[length++] = (uint8_t)(crc >> (8 * i));
    }
    probe_port_write(0); /* ends any garbage on the line */
    uint32_t start = 0;
    for (;;) {
        uint32_t run = 0;
        while (run < 254 && start + run < length && bytes[start + run] != 0) {
            run++;
        }
        probe_port_write((uint8_t)(run + 1));
        for (uint32_t i = 0; i < run; i++) {
            probe_port_write(bytes[start + i]);
        }
        start += run;
        if (start >= length) {
            break;
        }
        if (run < 254) {
            start++; /* the zero that the code represents */
        }
    }
    probe_port_write(0);
}
