// What convolutions consist of beside products of matrices, and depthwise convolutions, which have none. Sums are
// gathered, always in the same order, so results repeat bit by bit.
#include "window.cuh"

/**
 * Copies what lies under the window at each position: columns[sample toSample + (channel taps + tap) toTap + position]
 * of images x [samples, channels, pixels]; padding is 0. A thread copies all taps of a position. {@code count} is
 * samples channels positions.
 */
template <typename T>
__global__ void image_columns(T* columns, const T* x, long long count, int channels, long long toSample,
        long long toTap, Window2d window) {
    FOR_ELEMENTS(i, count) {
        Place position = placeOf(i, window.height.positions, window.width.positions);
        long long sample = quotient(position.plane, channels);
        long long channel = position.plane - sample * channels;
        const T* plane = x + position.plane * window.pixels();
        T* to = columns + sample * toSample + channel * window.taps() * toTap
                + (long long) position.row * window.width.positions + position.column;
        for (int a = 0; a < window.height.size; a++) {
            int row = elementAt(window.height, position.row, a);
            bool inside = contains(window.height, row);
            for (int b = 0; b < window.width.size; b++) {
                int column = elementAt(window.width, position.column, b);
                bool found = inside && contains(window.width, column);
                *to = found ? plane[(long long) row * window.width.elements + column] : T();
                to += toTap;
            }
        }
    }
}

/**
 * The adjoint of that: each element of x [planes, pixels] is the sum of what columns [planes, taps, positions] have for
 * it. {@code count} is of x.
 */
template <typename T> __global__ void column_images(T* x, const float* columns, long long count, Window2d window) {
    FOR_ELEMENTS(i, count) {
        Place pixel = placeOf(i, window.height.elements, window.width.elements);
        const float* from = columns + pixel.plane * window.taps() * window.places();
        float sum = 0;
        forPositions(window, pixel, [&](int tap, int row, int column) {
            sum += from[tap * window.places() + (long long) row * window.width.positions + column];
        });
        x[i] = Number<T>::narrow(sum);
    }
}

/**
 * y [samples, channels multiplier, positions] = images x [samples, channels, pixels] under filters [taps, channels,
 * multiplier]. {@code count} is of y.
 */
template <typename T>
__global__ void depthwise(T* y, const T* x, const T* filters, long long count, int channels, int multiplier,
        Window2d window) {
    int outputs = channels * multiplier;
    FOR_ELEMENTS(i, count) {
        Place position = placeOf(i, window.height.positions, window.width.positions);
        // Of a plane of y and the plane of x below it: planes are numbered alike, but for the multiplier.
        const T* plane = x + quotient(position.plane, multiplier) * window.pixels();
        const T* filter = filters + (position.plane - quotient(position.plane, outputs) * outputs);
        float sum = 0;
        forPixels(window, position, [&](int tap, long long pixel) {
            sum += widen(plane[pixel]) * widen(filter[(long long) tap * outputs]);
        });
        y[i] = Number<T>::narrow(sum);
    }
}

/** The adjoint of that for the images. {@code count} is of x. */
template <typename T>
__global__ void depthwise_images(T* x, const T* y, const T* filters, long long count, int channels, int multiplier,
        Window2d window) {
    int outputs = channels * multiplier;
    FOR_ELEMENTS(i, count) {
        Place pixel = placeOf(i, window.height.elements, window.width.elements);
        long long channel = pixel.plane - quotient(pixel.plane, channels) * channels;
        float sum = 0;
        forPositions(window, pixel, [&](int tap, int row, int column) {
            const T* from = y + pixel.plane * multiplier * window.places()
                    + (long long) row * window.width.positions + column;
            const T* filter = filters + (long long) tap * outputs + channel * multiplier;
            for (int m = 0; m < multiplier; m++) sum += widen(from[m * window.places()]) * widen(filter[m]);
        });
        x[i] = Number<T>::narrow(sum);
    }
}

/** The adjoint of that for the filters. A block does an element of them, going through all samples and positions. */
template <typename T>
__global__ void depthwise_filters(T* filters, const T* x, const T* y, int samples, int channels, int multiplier,
        Window2d window) {
    int outputs = channels * multiplier;
    int tap = blockIdx.x / outputs, output = blockIdx.x % outputs;
    int a = tap / window.width.size, b = tap % window.width.size;
    float sum = 0;
    for (long long i = threadIdx.x; i < samples * window.places(); i += blockDim.x) {
        Place position = placeOf(i, window.height.positions, window.width.positions);
        int row = elementAt(window.height, position.row, a), column = elementAt(window.width, position.column, b);
        if (!contains(window.height, row) || !contains(window.width, column)) continue;
        const T* plane = x + (position.plane * channels + output / multiplier) * window.pixels();
        long long place = (long long) position.row * window.width.positions + position.column;
        sum += widen(plane[(long long) row * window.width.elements + column])
                * widen(y[(position.plane * outputs + output) * window.places() + place]);
    }
    sum = reduceRow(sum, Sum());
    if (threadIdx.x == 0) filters[blockIdx.x] = Number<T>::narrow(sum);
}
