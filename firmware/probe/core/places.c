/* Places the tensors of an operator in the arena, and fills them with seeded values. */
#include "places.h"

#include "../ops/kernels.h"
#include "port.h"

#define ALIGNMENT 16u
#define LARGEST 0x01000000

static uint32_t random_state;

/* Marsaglia's xorshift with 32 bits. */
static uint32_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

static int sensible(const struct op *op)
{
    const int32_t sizes[] = {op->in_h, op->in_w, op->in_c, op->out_h, op->out_w, op->out_c};
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (sizes[i] < 1 || sizes[i] > 0x7fff) {
            return 0;
        }
    }
    const int32_t windows[] = {op->kernel_h, op->kernel_w, op->stride_h, op->stride_w, op->dilation_h, op->dilation_w};
    for (unsigned i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        if (windows[i] < 1 || windows[i] > 0x7fff) {
            return 0;
        }
    }
    const int32_t span_h = (op->kernel_h - 1) * op->dilation_h + 1, span_w = (op->kernel_w - 1) * op->dilation_w + 1;
    return span_h <= 0x7fff && span_w <= 0x7fff && op->pad_top >= 0 && op->pad_left >= 0 && op->pad_top < span_h &&
           op->pad_left < span_w;
}

static uint32_t volume(int64_t a, int64_t b, int64_t c)
{
    int64_t product = a * b;
    product = product > LARGEST ? LARGEST : product * c;
    return product > LARGEST ? LARGEST : (uint32_t)product;
}

uint8_t probe_place(const struct op *op, struct tensors *tensors)
{
    for (int i = 0; i < PROBE_TENSORS; i++) {
        tensors->bytes[i] = 0;
        tensors->at[i] = probe_arena;
    }
    tensors->scratch_bytes = tensors->used_bytes = 0;
    tensors->free_bytes = probe_arena_bytes;
    if (!sensible(op)) {
        return PROBE_BAD_REQUEST;
    }
    uint32_t *bytes = tensors->bytes;
    uint32_t channels = (uint32_t)op->out_c;
    bytes[PROBE_INPUT] = volume(op->in_h, op->in_w, op->in_c);
    bytes[PROBE_OUTPUT] = volume(op->out_h, op->out_w, op->out_c);
    switch (op->kind) {
    case PROBE_CONV2D:
        bytes[PROBE_WEIGHTS] = volume(volume(op->kernel_h, op->kernel_w, op->in_c), op->out_c, 1);
        break;
    case PROBE_DEPTHWISE_CONV2D:
        bytes[PROBE_WEIGHTS] = volume(op->kernel_h, op->kernel_w, op->out_c);
        break;
    case PROBE_FULLY_CONNECTED:
        bytes[PROBE_WEIGHTS] = volume(bytes[PROBE_INPUT], op->out_c, 1);
        bytes[PROBE_BIAS] = 4 * channels;
        break;
    case PROBE_ADD:
    case PROBE_EXPORTED_ADD:
        bytes[PROBE_INPUT2] = bytes[PROBE_INPUT];
        break;
    case PROBE_AVERAGE_POOL:
    case PROBE_MAX_POOL:
    case PROBE_MEAN:
    case PROBE_SOFTMAX:
    case PROBE_EXPORTED_MEAN:
    case PROBE_EXPORTED_SOFTMAX:
        break;
    default:
        return PROBE_UNSUPPORTED;
    }
    if (op->kind == PROBE_CONV2D || op->kind == PROBE_DEPTHWISE_CONV2D) {
        bytes[PROBE_BIAS] = bytes[PROBE_MULTIPLIERS] = bytes[PROBE_SHIFTS] = 4 * channels;
    }
    tensors->scratch_bytes = probe_kernel_scratch_bytes(op);
    uint32_t offset = 0;
    for (int i = 0; i <= PROBE_TENSORS; i++) {
        uint32_t size = i < PROBE_TENSORS ? bytes[i] : tensors->scratch_bytes;
        if (size > probe_arena_bytes || offset + size > probe_arena_bytes) {
            return PROBE_OUT_OF_MEMORY;
        }
        if (i < PROBE_TENSORS) {
            tensors->at[i] = probe_arena + offset;
        } else {
            tensors->scratch = probe_arena + offset;
        }
        offset += (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    }
    tensors->used_bytes = offset < probe_arena_bytes ? offset : probe_arena_bytes;
    tensors->free_bytes = probe_arena_bytes - tensors->used_bytes;
    return PROBE_OK;
}

void probe_fill(const struct op *op, struct tensors *tensors, uint32_t seed)
{
    static const uint8_t random_bytes[] = {PROBE_INPUT, PROBE_INPUT2, PROBE_WEIGHTS};
    random_state = seed ? seed : 1;
    for (unsigned i = 0; i < sizeof random_bytes; i++) {
        uint8_t *at = tensors->at[random_bytes[i]];
        for (uint32_t n = 0; n < tensors->bytes[random_bytes[i]]; n++) {
            at[n] = (uint8_t)(next_random() >> 24);
        }
    }
    /* No weight is -128: TFLite's quantisation is symmetric. */
    int8_t *weights = (int8_t *)tensors->at[PROBE_WEIGHTS];
    for (uint32_t n = 0; n < tensors->bytes[PROBE_WEIGHTS]; n++) {
        weights[n] = weights[n] == -128 ? -127 : weights[n];
    }
    int32_t *bias = (int32_t *)tensors->at[PROBE_BIAS];
    for (uint32_t n = 0; n < tensors->bytes[PROBE_BIAS] / 4; n++) {
        bias[n] = (int32_t)next_random() >> 20;
    }
    int32_t *multipliers = (int32_t *)tensors->at[PROBE_MULTIPLIERS];
    int32_t *shifts = (int32_t *)tensors->at[PROBE_SHIFTS];
    for (uint32_t n = 0; n < tensors->bytes[PROBE_MULTIPLIERS] / 4; n++) {
        multipliers[n] = op->out_multiplier;
        shifts[n] = op->out_shift;
    }
}
