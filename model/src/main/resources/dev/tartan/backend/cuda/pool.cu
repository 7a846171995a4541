// Poolings of images and their gradients. In gradients each element gathers from the windows that cover it, always in
// the same order, so results repeat bit by bit.
#include "functions.cuh"
#include "window.cuh"

/** Place in its plane of the largest element under the window, the first of equal ones; a NaN is the largest. */
template <typename T>
__device__ __forceinline__ int placeOfLargest(const T* plane, const Place& position, const Window2d& window) {
    int found = -1;
    float largest = 0;
    forPixels(window, position, [&](int, long long pixel) {
        float value = widen(plane[pixel]);
        if (found < 0 || value > largest || (value != value && largest == largest)) {
            found = (int) pixel;
            largest = value;
        }
    });
    return found;
}

/** y [planes, positions] = the largest elements of windows on x [planes, pixels]; {@code count} is of y. */
template <typename T> __global__ void max_pool(T* y, const T* x, long long count, Window2d window) {
    FOR_ELEMENTS(i, count) {
        Place position = placeOf(i, window.height.positions, window.width.positions);
        const T* plane = x + position.plane * window.pixels();
        y[i] = plane[placeOfLargest(plane, position, window)];
    }
}

/** The places of these elements in their planes. */
template <typename T> __global__ void max_pool_places(int* places, const T* x, long long count, Window2d window) {
    FOR_ELEMENTS(i, count) {
        Place position = placeOf(i, window.height.positions, window.width.positions);
        places[i] = placeOfLargest(x + position.plane * window.pixels(), position, window);
    }
}

/** dx = for each element the sum of dy of the windows in which it is the largest one; {@code count} is of dx. */
template <typename T>
__global__ void max_pool_grad(T* dx, const T* dy, const int* places, long long count, Window2d window) {
    FOR_ELEMENTS(i, count) {
        Place pixel = placeOf(i, window.height.elements, window.width.elements);
        int own = pixel.row * window.width.elements + pixel.column;
        float sum = 0;
        forPositions(window, pixel, [&](int, int row, int column) {
            long long at = (pixel.plane * window.height.positions + row) * window.width.positions + column;
            if (places[at] == own) sum += widen(dy[at]);
        });
        dx[i] = Number<T>::narrow(sum);
    }
}

/** What the sum of a window is divided by. */
__device__ __forceinline__ float divisor(const Window2d& window, int row, int column, int countsPadding) {
    return countsPadding ? window.taps() : covered(window.height, row) * covered(window.width, column);
}

/** y = the means of windows. */
template <typename T>
__global__ void average_pool(T* y, const T* x, long long count, Window2d window, int countsPadding) {
    FOR_ELEMENTS(i, count) {
        Place position = placeOf(i, window.height.positions, window.width.positions);
        const T* plane = x + position.plane * window.pixels();
        float sum = 0;
        forPixels(window, position, [&](int, long long pixel) { sum += widen(plane[pixel]); });
        y[i] = Number<T>::narrow(sum / divisor(window, position.row, position.column, countsPadding));
    }
}

/** dx = for each element the sum of dy of the windows over it, each divided by what its window was divided by. */
template <typename T>
__global__ void average_pool_grad(T* dx, const T* dy, long long count, Window2d window, int countsPadding) {
    FOR_ELEMENTS(i, count) {
        Place pixel = placeOf(i, window.height.elements, window.width.elements);
        float sum = 0;
        forPositions(window, pixel, [&](int, int row, int column) {
            long long at = (pixel.plane * window.height.positions + row) * window.width.positions + column;
            sum += widen(dy[at]) / divisor(window, row, column, countsPadding);
        });
        dx[i] = Number<T>::narrow(sum);
    }
}

/** y = the p-norms of windows. */
template <typename T> __global__ void norm_pool(T* y, const T* x, long long count, Window2d window, float power) {
    FOR_ELEMENTS(i, count) {
        Place position = placeOf(i, window.height.positions, window.width.positions);
        const T* plane = x + position.plane * window.pixels();
        float sum = 0;
        forPixels(window, position, [&](int, long long pixel) { sum += pow(Abs()(widen(plane[pixel])), power); });
        y[i] = Number<T>::narrow(pow(sum, 1 / power));
    }
}

/** dx = sign(x) times the sum of dy (|x| / y)^(power - 1) of the windows over x; windows that are 0 add nothing. */
template <typename T>
__global__ void norm_pool_grad(T* dx, const T* dy, const T* x, const T* y, long long count, Window2d window, float power) {
    FOR_ELEMENTS(i, count) {
        Place pixel = placeOf(i, window.height.elements, window.width.elements);
        float value = widen(x[i]);
        float sum = 0;
        forPositions(window, pixel, [&](int, int row, int column) {
            long long at = (pixel.plane * window.height.positions + row) * window.width.positions + column;
            float norm = widen(y[at]);
            if (norm != 0) sum += widen(dy[at]) * pow(Abs()(value) / norm, power - 1);
        });
        dx[i] = Number<T>::narrow(sum * Sign()(value));
    }
}
