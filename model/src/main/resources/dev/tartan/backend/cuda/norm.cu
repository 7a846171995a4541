// Layer norm and RMS norm over rows, and their gradients. A row is done by the threads of one threadIdx.y: a warp, or a
// whole block. Means and deviations are computed and kept in float32, or in the type S of the tensors that keep them.
#include "functions.cuh"

/** y = (x - mean) rstd gamma + beta. */
template <typename T, typename S>
__global__ void layer_norm(T* y, S* mean, S* rstd, const T* x, const T* gamma, const T* beta, long long rows,
        long long width, float epsilon) {
    typedef Pack<T> P;
    long long row = firstRow();
    bool inside = row < rows;
    const T* from = x + (inside ? row : 0) * width;
    bool wide = wideRows(x, width) && wideRows(y, width) && wideRows(gamma, width) && wideRows(beta, width);
    float sum = 0;
    FOR_ROW(P::COUNT, i, width) {
        P pack = loadPack(from, i, width, wide);
#pragma unroll
        for (int j = 0; j < P::COUNT; j++) sum += widen(pack.at[j]);
    }
    float m = reduceRow(sum, Sum()) / width;
    // A second look at the row, not sums of squares, which would cancel.
    float squares = 0;
    FOR_ROW(P::COUNT, i, width) {
        P pack = loadPack(from, i, width, wide);
#pragma unroll
        for (int j = 0; j < P::COUNT; j++) {
            float centered = i + j < width ? widen(pack.at[j]) - m : 0;
            squares += centered * centered;
        }
    }
    float s = 1 / sqrtf(reduceRow(squares, Sum()) / width + epsilon);
    if (!inside) return;
    FOR_ROW(P::COUNT, i, width) {
        P pack = loadPack(from, i, width, wide);
        P scale = loadPack(gamma, i, width, wide);
        P shift = loadPack(beta, i, width, wide);
#pragma unroll
        for (int j = 0; j < P::COUNT; j++) {
            pack.at[j] = Number<T>::narrow((widen(pack.at[j]) - m) * s * widen(scale.at[j]) + widen(shift.at[j]));
        }
        storePack(y + row * width, i, width, pack, wide);
    }
    if (threadIdx.x == 0) {
        mean[row] = Number<S>::narrow(m);
        rstd[row] = Number<S>::narrow(s);
    }
}

/** y = x rstd gamma. */
template <typename T, typename S>
__global__ void rms_norm(T* y, S* rstd, const T* x, const T* gamma, long long rows, long long width, float epsilon) {
    typedef Pack<T> P;
    long long row = firstRow();
    bool inside = row < rows;
    const T* from = x + (inside ? row : 0) * width;
    bool wide = wideRows(x, width) && wideRows(y, width) && wideRows(gamma, width);
    float squares = 0;
    FOR_ROW(P::COUNT, i, width) {
        P pack = loadPack(from, i, width, wide);
#pragma unroll
        for (int j = 0; j < P::COUNT; j++) squares += widen(pack.at[j]) * widen(pack.at[j]);
    }
    float s = 1 / sqrtf(reduceRow(squares, Sum()) / width + epsilon);
    if (!inside) return;
    FOR_ROW(P::COUNT, i, width) {
        P pack = loadPack(from, i, width, wide);
        P scale = loadPack(gamma, i, width, wide);
#pragma unroll
        for (int j = 0; j < P::COUNT; j++) pack.at[j] = Number<T>::narrow(widen(pack.at[j]) * s * widen(scale.at[j]));
        storePack(y + row * width, i, width, pack, wide);
    }
    if (threadIdx.x == 0) rstd[row] = Number<S>::narrow(s);
}

/**
 * The gradient of both norms; an RMS norm has no mean and no beta. Each row of threads goes through rows of the tensor
 * in turn and adds up, for the columns that are each thread's, what they give to dgamma and dbeta; sums holds for each
 * row of threads of the grid [dgamma, dbeta], float32 of width each, which reduce_columns combines. So all of x and dy
 * is read from memory once, and no addition depends on which block comes first.
 *
 * @param sharedSums whether a block's sums fit in its dynamic shared memory until the end
 */
template <typename T, typename S, bool HAS_MEAN>
__device__ __forceinline__ void normGrad(T* dx, float* sums, const T* dy, const T* x, const T* gamma, const S* mean,
        const S* rstd, long long rows, long long width, int sharedSums) {
    typedef Pack<T> P;
    DYNAMIC_SHARED(float, shared);
    long long perRow = HAS_MEAN ? 2 * width : width;
    float* kept = sums + firstRow() * perRow;
    float* own = sharedSums ? shared + threadIdx.y * perRow : kept;
    bool wide = wideRows(x, width) && wideRows(dy, width) && wideRows(dx, width) && wideRows(gamma, width);
    FOR_ROW(P::COUNT, i, width) {
        for (int j = 0; j < P::COUNT; j++) {
            if (i + j < width) {
                own[i + j] = 0;
                if (HAS_MEAN) own[width + i + j] = 0;
            }
        }
    }
    // All threads of a block take as many turns, because reduceRow is for all of them.
    long long stride = (long long) gridDim.x * blockDim.y;
    for (long long first = (long long) blockIdx.x * blockDim.y; first < rows; first += stride) {
        long long row = first + threadIdx.y;
        bool inside = row < rows;
        const T* rowX = x + (inside ? row : 0) * width;
        const T* rowDy = dy + (inside ? row : 0) * width;
        float m = HAS_MEAN && inside ? widen(mean[row]) : 0;
        float s = inside ? widen(rstd[row]) : 0;
        float scaledSum = 0, productSum = 0;
        FOR_ROW(P::COUNT, i, width) {
            P packX = loadPack(rowX, i, width, wide), packDy = loadPack(rowDy, i, width, wide);
            P scale = loadPack(gamma, i, width, wide);
#pragma unroll
            for (int j = 0; j < P::COUNT; j++) {
                float normalized = (widen(packX.at[j]) - m) * s;
                float scaled = widen(packDy.at[j]) * widen(scale.at[j]);
                scaledSum += scaled;
                productSum += scaled * normalized;
            }
        }
        float scaledMean = HAS_MEAN ? reduceRow(scaledSum, Sum()) / width : 0;
        float productMean = reduceRow(productSum, Sum()) / width;
        if (!inside) continue;
        FOR_ROW(P::COUNT, i, width) {
            P packX = loadPack(rowX, i, width, wide), packDy = loadPack(rowDy, i, width, wide);
            P scale = loadPack(gamma, i, width, wide);
            P result;
#pragma unroll
            for (int j = 0; j < P::COUNT; j++) {
                float gradient = widen(packDy.at[j]);
                float normalized = (widen(packX.at[j]) - m) * s;
                float scaled = gradient * widen(scale.at[j]);
                result.at[j] = Number<T>::narrow((scaled - scaledMean - normalized * productMean) * s);
                if (i + j < width) {
                    own[i + j] += gradient * normalized;
                    if (HAS_MEAN) own[width + i + j] += gradient;
                }
            }
            storePack(dx + row * width, i, width, result, wide);
        }
    }
    if (!sharedSums) return;
    // Each thread has the columns that it added to, so none waits for another.
    FOR_ROW(P::COUNT, i, width) {
        for (int j = 0; j < P::COUNT; j++) {
            if (i + j < width) {
                kept[i + j] = own[i + j];
                if (HAS_MEAN) kept[width + i + j] = own[width + i + j];
            }
        }
    }
}

template <typename T, typename S>
__global__ void layer_norm_grad(T* dx, float* sums, const T* dy, const T* x, const T* gamma, const S* mean,
        const S* rstd, long long rows, long long width, int sharedSums) {
    normGrad<T, S, true>(dx, sums, dy, x, gamma, mean, rstd, rows, width, sharedSums);
}

template <typename T, typename S>
__global__ void rms_norm_grad(T* dx, float* sums, const T* dy, const T* x, const T* gamma, const S* rstd,
        long long rows, long long width, int sharedSums) {
    normGrad<T, S, false>(dx, sums, dy, x, gamma, (const S*) 0, rstd, rows, width, sharedSums);
}
