/* The same kernels in plain C, bit for bit, for any machine (-DTSNAS_PORTABLE): slow on a board, useful on a PC. */
#include "tsnas_choice.h"

#ifdef TSNAS_PORTABLE

#include "fixed_point.h"
#include "tsnas_kernels.h"

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t most(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

/* The taps of a window that lie inside the input: from `first` up to, but not including, `end`. Tap 0 is at `start`,
   which may lie outside, and the others follow at a distance of `dilation`. */
struct taps {
    int32_t start, first, end;
};

static struct taps taps(int32_t position, int32_t stride, int32_t pad, int32_t kernel, int32_t dilation, int32_t size)
{
    const int32_t start = position * stride - pad, last = dilation - 1;
    return (struct taps){start, most(0, (last - start) / dilation), least(kernel, (size - start + last) / dilation)};
}

static struct taps conv_rows(const struct tsnas_conv *layer, int32_t y)
{
    return taps(y, layer->stride_height, layer->pad_top, layer->kernel_height, layer->dilation_height,
                layer->in.height);
}

static struct taps conv_columns(const struct tsnas_conv *layer, int32_t x)
{
    return taps(x, layer->stride_width, layer->pad_left, layer->kernel_width, layer->dilation_width, layer->in.width);
}

/* Number of the pixel that the tap (r, c) reads. */
static int32_t pixel_of(const struct tsnas_conv *layer, const struct taps *rows, int32_t r, const struct taps *columns,
                        int32_t c)
{
    return (rows->start + r * layer->dilation_height) * layer->in.width + columns->start + c * layer->dilation_width;
}

static int8_t requantised(const struct tsnas_conv *layer, int32_t sum, int32_t channel)
{
    const int32_t scaled = requantize(sum, layer->multipliers[channel], layer->shifts[channel]) + layer->out_offset;
    return (int8_t)clamped(scaled, layer->act_min, layer->act_max);
}

int tsnas_conv2d(const struct tsnas_conv *layer, const int8_t *in, int8_t *out, void *scratch, int32_t scratch_bytes)
{
    const int32_t channels = layer->in.channels;
    (void)scratch;
    (void)scratch_bytes;
    for (int32_t y = 0; y < layer->out.height; y++) {
        const struct taps rows = conv_rows(layer, y);
        for (int32_t x = 0; x < layer->out.width; x++) {
            const struct taps columns = conv_columns(layer, x);
            for (int32_t o = 0; o < layer->out.channels; o++) {
                int32_t sum = layer->bias[o];
                for (int32_t r = rows.first; r < rows.end; r++) {
                    for (int32_t c = columns.first; c < columns.end; c++) {
                        const int8_t *from = in + pixel_of(layer, &rows, r, &columns, c) * channels;
                        const int8_t *weights =
                            layer->weights +
                            ((o * layer->kernel_height + r) * layer->kernel_width + c) * channels;
                        for (int32_t i = 0; i < channels; i++) {
                            sum += weights[i] * (from[i] + layer->in_offset);
                        }
                    }
                }
                *out++ = requantised(layer, sum, o);
            }
        }
    }
    return 0;
}

int tsnas_depthwise_conv2d(const struct tsnas_conv *layer, const int8_t *in, int8_t *out, void *scratch,
                           int32_t scratch_bytes)
{
    const int32_t multiplier = layer->out.channels / layer->in.channels;
    (void)scratch;
    (void)scratch_bytes;
    for (int32_t y = 0; y < layer->out.height; y++) {
        const struct taps rows = conv_rows(layer, y);
        for (int32_t x = 0; x < layer->out.width; x++) {
            const struct taps columns = conv_columns(layer, x);
            for (int32_t o = 0; o < layer->out.channels; o++) {
                int32_t sum = layer->bias[o];
                for (int32_t r = rows.first; r < rows.end; r++) {
                    for (int32_t c = columns.first; c < columns.end; c++) {
                        const int32_t pixel = pixel_of(layer, &rows, r, &columns, c);
                        const int32_t value = in[pixel * layer->in.channels + o / multiplier];
                        sum += layer->weights[(r * layer->kernel_width + c) * layer->out.channels + o] *
                               (value + layer->in_offset);
                    }
                }
                *out++ = requantised(layer, sum, o);
            }
        }
    }
    return 0;
}

int tsnas_fully_connected(const struct tsnas_dense *layer, const int8_t *in, int8_t *out)
{
    for (int32_t o = 0; o < layer->outputs; o++) {
        int32_t sum = layer->bias[o];
        for (int32_t i = 0; i < layer->inputs; i++) {
            sum += layer->weights[o * layer->inputs + i] * (in[i] + layer->in_offset);
        }
        const int32_t scaled = requantize(sum, layer->multiplier, layer->shift) + layer->out_offset;
        out[o] = (int8_t)clamped(scaled, layer->act_min, layer->act_max);
    }
    return 0;
}

/* Pools each window: its mean if `mean` is not 0, else its largest value. */
static int pool(const struct tsnas_pool *layer, const int8_t *in, int8_t *out, int mean)
{
    for (int32_t y = 0; y < layer->out.height; y++) {
        const struct taps rows =
            taps(y, layer->stride_height, layer->pad_top, layer->kernel_height, 1, layer->in.height);
        for (int32_t x = 0; x < layer->out.width; x++) {
            const struct taps columns =
                taps(x, layer->stride_width, layer->pad_left, layer->kernel_width, 1, layer->in.width);
            for (int32_t channel = 0; channel < layer->in.channels; channel++) {
                int32_t sum = 0, largest = -128, count = 0;
                for (int32_t r = rows.first; r < rows.end; r++) {
                    for (int32_t c = columns.first; c < columns.end; c++) {
                        const int32_t pixel = (rows.start + r) * layer->in.width + columns.start + c;
                        const int32_t value = in[pixel * layer->in.channels + channel];
                        sum += value;
                        largest = most(largest, value);
                        count++;
                    }
                }
                const int32_t rounded = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
                *out++ = (int8_t)clamped(mean ? rounded : largest, layer->act_min, layer->act_max);
            }
        }
    }
    return 0;
}

int tsnas_max_pool(const struct tsnas_pool *layer, const int8_t *in, int8_t *out)
{
    return pool(layer, in, out, 0);
}

int tsnas_average_pool(const struct tsnas_pool *layer, const int8_t *in, int8_t *out, void *scratch,
                       int32_t scratch_bytes)
{
    (void)scratch;
    (void)scratch_bytes;
    return pool(layer, in, out, 1);
}

#else
typedef int tsnas_not_empty; /* ISO C requires a declaration in every file */
#endif
