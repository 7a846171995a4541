// How a window slides over images [n, channels, height, width], for convolutions and poolings: dev.tartan.op.Window2d.
#pragma once
#include "common.cuh"

/** Along one dim: the window, how many elements images have there, and how many positions the window has. */
struct Window {
    int size, stride, dilation, low, elements, positions;
};

/** Along both dims. */
struct Window2d {
    Window height, width;
    __device__ __forceinline__ int taps() const { return height.size * width.size; }
    __device__ __forceinline__ long long pixels() const { return (long long) height.elements * width.elements; }
    __device__ __forceinline__ long long places() const { return (long long) height.positions * width.positions; }
};

/** The element under a tap (an element of the window) at a position; outside of 0 .. elements it is padding. */
__device__ __forceinline__ int elementAt(const Window& window, int position, int tap) {
    return position * window.stride - window.low + tap * window.dilation;
}

__device__ __forceinline__ bool contains(const Window& window, int element) {
    return element >= 0 && element < window.elements;
}

/** The position at which a tap is over an element; -1 if there is none. */
__device__ __forceinline__ int positionOver(const Window& window, int element, int tap) {
    int from = element + window.low - tap * window.dilation;
    if (from < 0 || from % window.stride != 0) return -1;
    int position = from / window.stride;
    return position < window.positions ? position : -1;
}

/** How many taps are over elements, not padding, at a position. */
__device__ __forceinline__ int covered(const Window& window, int position) {
    int count = 0;
    for (int tap = 0; tap < window.size; tap++) count += contains(window, elementAt(window, position, tap));
    return count;
}

/** Where an element of a tensor [planes, rows, columns] is. */
struct Place {
    long long plane;
    int row, column;
};

__device__ __forceinline__ Place placeOf(long long index, int rows, int columns) {
    Place place;
    long long line = quotient(index, columns);
    place.column = (int) (index - line * columns);
    place.plane = quotient(line, rows);
    place.row = (int) (line - place.plane * rows);
    return place;
}

/** Calls {@code visit(tap, pixel)} for the elements under the window at a position, by their number in their plane. */
template <typename Visit>
__device__ __forceinline__ void forPixels(const Window2d& window, const Place& position, Visit visit) {
    for (int a = 0; a < window.height.size; a++) {
        int row = elementAt(window.height, position.row, a);
        if (!contains(window.height, row)) continue;
        for (int b = 0; b < window.width.size; b++) {
            int column = elementAt(window.width, position.column, b);
            if (!contains(window.width, column)) continue;
            visit(a * window.width.size + b, (long long) row * window.width.elements + column);
        }
    }
}

/** The other way round: {@code visit(tap, row, column)} for the positions whose windows are over an element. */
template <typename Visit>
__device__ __forceinline__ void forPositions(const Window2d& window, const Place& pixel, Visit visit) {
    for (int a = 0; a < window.height.size; a++) {
        int row = positionOver(window.height, pixel.row, a);
        if (row < 0) continue;
        for (int b = 0; b < window.width.size; b++) {
            int column = positionOver(window.width, pixel.column, b);
            if (column >= 0) visit(a * window.width.size + b, row, column);
        }
    }
}
