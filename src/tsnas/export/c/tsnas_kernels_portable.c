/* The same kernels in plain C, bit for bit, for any machine (-DTSNAS_PORTABLE). Four outputs at once share what they
   read: no machine needs to load a value for each multiplication. */
#include "tsnas_choice.h"

#ifdef TSNAS_PORTABLE

#include <string.h>

#include "fixed_point.h"
#include "tsnas_kernels.h"

#define AT_ONCE 4

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
    const int32_t start = position * stride - pad, last = start + (kernel - 1) * dilation;
    if (start >= 0 && last < size) {
        return (struct taps){start, 0, kernel};
    }
    return (struct taps){start, most(0, (dilation - 1 - start) / dilation),
                         least(kernel, (size - start + dilation - 1) / dilation)};
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

/* Place of the first value that a window reads. */
static int32_t first_value(const struct tsnas_conv *layer, const struct taps *rows, const struct taps *columns)
{
    const int32_t row = rows->start + rows->first * layer->dilation_height;
    const int32_t column = columns->start + columns->first * layer->dilation_width;
    return (row * layer->in.width + column) * layer->in.channels;
}

/* The same as requantize() of fixed_point.h in fewer steps. A multiplier is positive, so no product saturates; the
   rounding of a negative product is the same with a shift and half as with a division and less than half; and so is
   that of x / 2^right, if a negative x is first made smaller by 1. */
static inline int32_t requantized(int32_t sum, int32_t multiplier, int32_t shift)
{
    const int32_t left = shift > 0 ? shift : 0;
    const int64_t product = (int64_t)(int32_t)((uint32_t)sum << left) * multiplier;
    const int32_t high = (int32_t)((product + (1 << 30)) >> 31);
    if (shift >= 0) {
        return high;
    }
    const int32_t below = high + (high >> 31), doubled = below >> (-shift - 1);
    return (doubled >> 1) + (doubled & 1);
}

static inline int8_t conv_output(const struct tsnas_conv *layer, int32_t sum, int32_t channel)
{
    const int32_t scaled = requantized(sum, layer->multipliers[channel], layer->shifts[channel]) + layer->out_offset;
    return (int8_t)clamped(scaled, layer->act_min, layer->act_max);
}

/* Adds to four sums the products of `size` values, each with `offset` added, and four rows of weights. */
static inline void multiply_rows(const int8_t *values, int32_t offset, const int8_t *weights, int32_t row_size,
                                 int32_t size, int32_t sums[AT_ONCE])
{
    const int8_t *a = weights, *b = a + row_size, *c = b + row_size, *d = c + row_size;
    int32_t sum_a = sums[0], sum_b = sums[1], sum_c = sums[2], sum_d = sums[3];
    for (const int8_t *end = values + size - 1; values < end; values += 2) {
        int32_t value = values[0] + offset;
        sum_a += value * a[0];
        sum_b += value * b[0];
        sum_c += value * c[0];
        sum_d += value * d[0];
        value = values[1] + offset;
        sum_a += value * a[1];
        sum_b += value * b[1];
        sum_c += value * c[1];
        sum_d += value * d[1];
        a += 2;
        b += 2;
        c += 2;
        d += 2;
    }
    if (size & 1) {
        const int32_t value = *values + offset;
        sum_a += value * *a;
        sum_b += value * *b;
        sum_c += value * *c;
        sum_d += value * *d;
    }
    sums[0] = sum_a;
    sums[1] = sum_b;
    sums[2] = sum_c;
    sums[3] = sum_d;
}

static inline int32_t multiply_row(const int8_t *values, int32_t offset, const int8_t *weights, int32_t size,
                                   int32_t sum)
{
    for (int32_t i = 0; i < size; i++) {
        sum += (values[i] + offset) * weights[i];
    }
    return sum;
}

/* The outputs of a convolution at one position from all values that its kernel covers, in the order of the weights. */
static void convolve(const struct tsnas_conv *layer, const int8_t *values, int32_t size, int8_t *out)
{
    int32_t o = 0;
    for (; o + AT_ONCE <= layer->out.channels; o += AT_ONCE) {
        int32_t sums[AT_ONCE] = {layer->bias[o], layer->bias[o + 1], layer->bias[o + 2], layer->bias[o + 3]};
        multiply_rows(values, layer->in_offset, layer->weights + o * size, size, size, sums);
        for (int32_t i = 0; i < AT_ONCE; i++) {
            out[o + i] = conv_output(layer, sums[i], o + i);
        }
    }
    for (; o < layer->out.channels; o++) {
        const int32_t sum = multiply_row(values, layer->in_offset, layer->weights + o * size, size, layer->bias[o]);
        out[o] = conv_output(layer, sum, o);
    }
}

/* Copies what a window covers to `values`, one tap after the other; taps outside the input give what counts as 0. */
static void gather(const struct tsnas_conv *layer, const struct taps *rows, const struct taps *columns,
                   const int8_t *in, int8_t *values)
{
    const int32_t channels = layer->in.channels, row_size = layer->kernel_width * channels;
    const int32_t column_step = layer->dilation_width * channels;
    const int32_t row_step = layer->dilation_height * layer->in.width * channels;
    const int outside = rows->first > 0 || columns->first > 0 || rows->end < layer->kernel_height ||
                        columns->end < layer->kernel_width;
    if (outside) {
        memset(values, -layer->in_offset, (size_t)(layer->kernel_height * row_size));
    }
    const int8_t *from = in + first_value(layer, rows, columns);
    int8_t *to = values + rows->first * row_size + columns->first * channels;
    if (layer->kernel_width == 1 && channels == 1) {
        for (int32_t r = columns->first < columns->end ? rows->first : rows->end; r < rows->end; r++) {
            *to++ = *from;
            from += row_step;
        }
        return;
    }
    for (int32_t r = rows->first; r < rows->end; r++) {
        if (layer->dilation_width == 1) {
            memcpy(to, from, (size_t)(most(0, columns->end - columns->first) * channels));
        } else {
            for (int32_t c = columns->first; c < columns->end; c++) {
                memcpy(to + (c - columns->first) * channels, from + (c - columns->first) * column_step,
                       (size_t)channels);
            }
        }
        from += row_step;
        to += row_size;
    }
}

/* Whether the taps of a window that is inside the input are neighbours there, row after row. */
static int is_contiguous(const struct tsnas_conv *layer)
{
    const int one_row = layer->kernel_height == 1;
    const int whole_rows = layer->kernel_width == layer->in.width && layer->dilation_height == 1;
    return (one_row || whole_rows) && (layer->kernel_width == 1 || layer->dilation_width == 1);
}

int tsnas_conv2d(const struct tsnas_conv *layer, const int8_t *in, int8_t *out, void *scratch, int32_t scratch_bytes)
{
    const int32_t size = layer->kernel_height * layer->kernel_width * layer->in.channels;
    const int contiguous = is_contiguous(layer);
    for (int32_t y = 0; y < layer->out.height; y++) {
        const struct taps rows = conv_rows(layer, y);
        const int all_rows = rows.first == 0 && rows.end == layer->kernel_height;
        for (int32_t x = 0; x < layer->out.width; x++) {
            const struct taps columns = conv_columns(layer, x);
            if (contiguous && all_rows && columns.first == 0 && columns.end == layer->kernel_width) {
                convolve(layer, in + first_value(layer, &rows, &columns), size, out);
            } else if (scratch_bytes < size) {
                return 1;
            } else {
                gather(layer, &rows, &columns, in, scratch);
                convolve(layer, scratch, size, out);
            }
            out += layer->out.channels;
        }
    }
    return 0;
}

/* The outputs of a depthwise convolution at one position, for channels with one filter each: four at once. Returns how
   many it has computed. */
static int32_t convolve_channels(const struct tsnas_conv *layer, const struct taps *rows, const struct taps *columns,
                                 const int8_t *in, int8_t *out)
{
    const int32_t channels = layer->in.channels, column_step = layer->dilation_width * channels;
    const int32_t row_step = layer->dilation_height * layer->in.width * channels, offset = layer->in_offset;
    const int8_t *start = in + first_value(layer, rows, columns);
    const int8_t *weights = layer->weights + (rows->first * layer->kernel_width + columns->first) * channels;
    const int32_t n_columns = columns->end - columns->first, weight_step = layer->kernel_width * channels;
    int32_t o = 0;
    for (; o + AT_ONCE <= channels; o += AT_ONCE) {
        int32_t sum_a = layer->bias[o], sum_b = layer->bias[o + 1], sum_c = layer->bias[o + 2],
                sum_d = layer->bias[o + 3];
        const int8_t *row = start + o, *row_weights = weights + o;
        for (int32_t r = rows->first; r < rows->end; r++) {
            const int8_t *from = row, *w = row_weights;
            for (int32_t c = 0; c < n_columns; c++) {
                sum_a += w[0] * (from[0] + offset);
                sum_b += w[1] * (from[1] + offset);
                sum_c += w[2] * (from[2] + offset);
                sum_d += w[3] * (from[3] + offset);
                from += column_step;
                w += channels;
            }
            row += row_step;
            row_weights += weight_step;
        }
        out[o] = conv_output(layer, sum_a, o);
        out[o + 1] = conv_output(layer, sum_b, o + 1);
        out[o + 2] = conv_output(layer, sum_c, o + 2);
        out[o + 3] = conv_output(layer, sum_d, o + 3);
    }
    return o;
}

int tsnas_depthwise_conv2d(const struct tsnas_conv *layer, const int8_t *in, int8_t *out, void *scratch,
                           int32_t scratch_bytes)
{
    const int32_t channels = layer->in.channels, outputs = layer->out.channels, multiplier = outputs / channels;
    const int32_t column_step = layer->dilation_width * channels;
    (void)scratch;
    (void)scratch_bytes;
    for (int32_t y = 0; y < layer->out.height; y++) {
        const struct taps rows = conv_rows(layer, y);
        for (int32_t x = 0; x < layer->out.width; x++) {
            const struct taps columns = conv_columns(layer, x);
            int32_t o = multiplier == 1 ? convolve_channels(layer, &rows, &columns, in, out) : 0;
            int32_t channel = o / multiplier, filter = o % multiplier;
            for (; o < outputs; o++) {
                int32_t sum = layer->bias[o];
                for (int32_t r = rows.first; r < rows.end; r++) {
                    const int32_t row = (rows.start + r * layer->dilation_height) * layer->in.width + columns.start;
                    const int8_t *from = in + row * channels + columns.first * column_step + channel;
                    const int8_t *w = layer->weights + (r * layer->kernel_width + columns.first) * outputs + o;
                    for (int32_t c = columns.first; c < columns.end; c++) {
                        sum += *w * (*from + layer->in_offset);
                        from += column_step;
                        w += outputs;
                    }
                }
                out[o] = conv_output(layer, sum, o);
                if (++filter == multiplier) {
                    filter = 0;
                    channel++;
                }
            }
            out += outputs;
        }
    }
    return 0;
}

int tsnas_fully_connected(const struct tsnas_dense *layer, const int8_t *in, int8_t *out)
{
    const int32_t size = layer->inputs;
    int32_t o = 0;
    while (o < layer->outputs) {
        int32_t sums[AT_ONCE], n = 1;
        if (o + AT_ONCE <= layer->outputs) {
            memcpy(sums, layer->bias + o, sizeof sums);
            multiply_rows(in, layer->in_offset, layer->weights + o * size, size, size, sums);
            n = AT_ONCE;
        } else {
            sums[0] = multiply_row(in, layer->in_offset, layer->weights + o * size, size, layer->bias[o]);
        }
        for (int32_t i = 0; i < n; i++, o++) {
            const int32_t scaled = requantized(sums[i], layer->multiplier, layer->shift) + layer->out_offset;
            out[o] = (int8_t)clamped(scaled, layer->act_min, layer->act_max);
        }
    }
    return 0;
}

/* Pools `n` neighbouring channels of a window, at most four: their means if `mean` is not 0, else their largest
   values. */
static inline void pool_channels(const struct tsnas_pool *layer, const int8_t *window, int32_t height, int32_t width,
                                 int mean, int32_t n, int8_t *out)
{
    const int32_t channels = layer->in.channels, row_step = layer->in.width * channels;
    const int32_t start = mean ? 0 : -128;
    int32_t found[AT_ONCE] = {start, start, start, start};
    for (int32_t r = 0; r < height; r++) {
        const int8_t *from = window;
        for (int32_t c = 0; c < width; c++) {
            for (int32_t i = 0; i < n; i++) {
                found[i] = mean ? found[i] + from[i] : most(found[i], from[i]);
            }
            from += channels;
        }
        window += row_step;
    }
    const int32_t count = height * width, half = count / 2;
    for (int32_t i = 0; i < n; i++) {
        const int32_t rounded = mean ? (found[i] > 0 ? found[i] + half : found[i] - half) / count : found[i];
        out[i] = (int8_t)clamped(rounded, layer->act_min, layer->act_max);
    }
}

static inline int pool(const struct tsnas_pool *layer, const int8_t *in, int8_t *out, int mean)
{
    const int32_t channels = layer->in.channels;
    for (int32_t y = 0; y < layer->out.height; y++) {
        const struct taps rows =
            taps(y, layer->stride_height, layer->pad_top, layer->kernel_height, 1, layer->in.height);
        for (int32_t x = 0; x < layer->out.width; x++) {
            const struct taps columns =
                taps(x, layer->stride_width, layer->pad_left, layer->kernel_width, 1, layer->in.width);
            const int32_t height = rows.end - rows.first, width = columns.end - columns.first;
            const int8_t *window =
                in + ((rows.start + rows.first) * layer->in.width + columns.start + columns.first) * channels;
            int32_t channel = 0;
            for (; channel + AT_ONCE <= channels; channel += AT_ONCE) {
                pool_channels(layer, window + channel, height, width, mean, AT_ONCE, out + channel);
            }
            for (; channel < channels; channel++) {
                pool_channels(layer, window + channel, height, width, mean, 1, out + channel);
            }
            out += channels;
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
