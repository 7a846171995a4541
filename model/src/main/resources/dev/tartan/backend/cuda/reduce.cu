// Sums, maxima and minima along dims. The order of additions depends on sizes only, so results repeat bit by bit.
// A long reduction is cut into parts, whose results a second launch combines.
#include "functions.cuh"

/**
 * z[row, part] = the elements of that part of a row of x [rows, width], each changed by M first. A row of threads does a
 * part: blocks (threads, rows at once), grid (rows, parts).
 */
template <typename T, typename Z, typename R, typename M>
__global__ void reduce_rows(Z* z, const T* x, long long rows, long long width, long long partWidth) {
    typedef Pack<T> P;
    typedef typename Number<T>::Compute C;
    long long row = firstRow();
    bool inside = row < rows;
    const T* from = x + (inside ? row : 0) * width;
    bool wide = wideRows(x, width);
    long long start = blockIdx.y * partWidth;
    long long end = inside ? Min()(start + partWidth, width) : start;
    C sums[P::COUNT];
#pragma unroll
    for (int j = 0; j < P::COUNT; j++) sums[j] = (C) R::neutral();
    for (long long i = start + (long long) threadIdx.x * P::COUNT; i < end; i += (long long) blockDim.x * P::COUNT) {
        P pack = loadPack(from, i, end, wide);
#pragma unroll
        for (int j = 0; j < P::COUNT; j++) {
            if (i + j < end) sums[j] = R()(sums[j], M()(widen(pack.at[j])));
        }
    }
#pragma unroll
    for (int half = P::COUNT / 2; half > 0; half /= 2) {
#pragma unroll
        for (int j = 0; j < half; j++) sums[j] = R()(sums[j], sums[j + half]);
    }
    C result = reduceRow(sums[0], R());
    if (inside && threadIdx.x == 0) z[row * gridDim.y + blockIdx.y] = Number<Z>::narrow(result);
}

/**
 * z[outer, part, column] = the elements of that part of a column of x [outer, height, width]. Blocks (32, 8): a thread
 * goes down some columns; grid (columns, parts, outer).
 */
template <typename T, typename Z, typename R, typename M>
__global__ void reduce_columns(Z* z, const T* x, long long outer, long long height, long long width, long long partHeight) {
    typedef Pack<T> P;
    typedef typename Number<T>::Compute C;
    SHARED_ARRAY(C, partial, 8 * 32 * P::COUNT);
    long long column = ((long long) blockIdx.x * 32 + threadIdx.x) * P::COUNT;
    bool wide = wideRows(x, width);
    long long start = blockIdx.y * partHeight;
    long long end = Min()(start + partHeight, height);
    for (long long o = blockIdx.z; o < outer; o += gridDim.z) {
        C sums[P::COUNT];
#pragma unroll
        for (int j = 0; j < P::COUNT; j++) sums[j] = (C) R::neutral();
        if (column < width) {
            for (long long i = start + threadIdx.y; i < end; i += 8) {
                P pack = loadPack(x + (o * height + i) * width, column, width, wide);
#pragma unroll
                for (int j = 0; j < P::COUNT; j++) sums[j] = R()(sums[j], M()(widen(pack.at[j])));
            }
        }
        __syncthreads();  // the sums before these may still be read
#pragma unroll
        for (int j = 0; j < P::COUNT; j++) partial[(threadIdx.y * P::COUNT + j) * 32 + threadIdx.x] = sums[j];
        __syncthreads();
        if (threadIdx.y == 0 && column < width) {
#pragma unroll
            for (int j = 0; j < P::COUNT; j++) {
                C sum = partial[j * 32 + threadIdx.x];
                for (int y = 1; y < 8; y++) sum = R()(sum, partial[(y * P::COUNT + j) * 32 + threadIdx.x]);
                if (column + j < width) z[(o * gridDim.y + blockIdx.y) * width + column + j] = Number<Z>::narrow(sum);
            }
        }
    }
}
