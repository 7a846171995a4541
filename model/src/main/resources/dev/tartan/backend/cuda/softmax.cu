// Softmax and cross-entropy over rows, and their gradients. A row is done by the threads of one threadIdx.y. Rows are
// read once for their maximum and sum together: whenever the maximum grows, the sum is scaled down (Milakov and
// Gimelshein 2018, "Online normalizer calculation for softmax").
#include "functions.cuh"

/** The largest number seen, and the sum of exp(number - largest). */
struct Normalizer {
    float top, sum;
};
/** exp(a - top), also where both are minus infinity, as before the first number; a NaN stays one. */
__device__ __forceinline__ float expBelow(float a, float top) { return a == -infinity() ? 0.0f : expf(a - top); }

/** The normalizer of a row; for all threads of its threadIdx.y. */
template <typename T> __device__ __forceinline__ Normalizer normalizerOf(const T* row, long long width, bool wide) {
    typedef Pack<T> P;
    Normalizer result = {-infinity(), 0};
    FOR_ROW(P::COUNT, i, width) {
        P pack = loadPack(row, i, width, wide);
        float top = result.top;
#pragma unroll
        for (int j = 0; j < P::COUNT; j++) {
            if (i + j < width) top = Max()(top, widen(pack.at[j]));
        }
        float sum = 0;
#pragma unroll
        for (int j = 0; j < P::COUNT; j++) {
            if (i + j < width) sum += expBelow(widen(pack.at[j]), top);
        }
        result.sum = result.sum * expBelow(result.top, top) + sum;
        result.top = top;
    }
    // All threads scale to the row's maximum, and then add: fewer roundings than combining pairs.
    float top = reduceRow(result.top, Max());
    result.sum = reduceRow(result.sum * expBelow(result.top, top), Sum());
    result.top = top;
    return result;
}

template <typename T> __global__ void softmax(T* y, const T* x, long long rows, long long width) {
    typedef Pack<T> P;
    long long row = firstRow();
    bool inside = row < rows;
    const T* from = x + (inside ? row : 0) * width;
    bool wide = wideRows(x, width) && wideRows(y, width);
    Normalizer normalizer = normalizerOf(from, width, wide);
    if (!inside) return;
    float factor = 1 / normalizer.sum;
    FOR_ROW(P::COUNT, i, width) {
        P pack = loadPack(from, i, width, wide);
#pragma unroll
        for (int j = 0; j < P::COUNT; j++) pack.at[j] = Number<T>::narrow(expf(widen(pack.at[j]) - normalizer.top) * factor);
        storePack(y + row * width, i, width, pack, wide);
    }
}

/** dx = y (dy - sum(y dy)). */
template <typename T>
__global__ void softmax_grad(T* dx, const T* y, const T* dy, long long rows, long long width) {
    typedef Pack<T> P;
    long long row = firstRow();
    bool inside = row < rows;
    const T* rowY = y + (inside ? row : 0) * width;
    const T* rowDy = dy + (inside ? row : 0) * width;
    bool wide = wideRows(y, width) && wideRows(dy, width) && wideRows(dx, width);
    float sum = 0;
    FOR_ROW(P::COUNT, i, width) {
        P packY = loadPack(rowY, i, width, wide), packDy = loadPack(rowDy, i, width, wide);
#pragma unroll
        for (int j = 0; j < P::COUNT; j++) sum += widen(packY.at[j]) * widen(packDy.at[j]);
    }
    sum = reduceRow(sum, Sum());
    if (!inside) return;
    FOR_ROW(P::COUNT, i, width) {
        P packY = loadPack(rowY, i, width, wide), packDy = loadPack(rowDy, i, width, wide);
#pragma unroll
        for (int j = 0; j < P::COUNT; j++) {
            packY.at[j] = Number<T>::narrow(widen(packY.at[j]) * (widen(packDy.at[j]) - sum));
        }
        storePack(dx + row * width, i, width, packY, wide);
    }
}

/** loss = log(sum(exp(x))) - x[label]; a label without a column has a logit of 0. */
template <typename T, typename S>
__global__ void cross_entropy(S* loss, S* logSumExp, const T* logits, const int* labels, long long rows, long long width) {
    long long row = firstRow();
    bool inside = row < rows;
    const T* from = logits + (inside ? row : 0) * width;
    Normalizer normalizer = normalizerOf(from, width, wideRows(logits, width));
    if (!inside || threadIdx.x != 0) return;
    int label = labels[row];
    float picked = label >= 0 && label < width ? widen(from[label]) : 0;
    float logSum = logf(normalizer.sum);
    logSumExp[row] = Number<S>::narrow(logSum + normalizer.top);
    // In this order a loss much smaller than the logits keeps its digits.
    loss[row] = Number<S>::narrow(logSum + (normalizer.top - picked));
}

/** dlogits = (exp(x - logSumExp) - [column is label]) dloss; labels count from the shard's first column. */
template <typename T, typename S>
__global__ void cross_entropy_grad(T* dlogits, const S* dloss, const T* logits, const int* labels, const S* logSumExp,
        long long rows, long long width, long long firstLabel) {
    typedef Pack<T> P;
    bool wide = wideRows(logits, width) && wideRows(dlogits, width);
    long long row = firstRow();
    if (row >= rows) return;
    float shift = widen(logSumExp[row]), factor = widen(dloss[row]);
    long long label = labels[row] - firstLabel;
    FOR_ROW(P::COUNT, i, width) {
        P pack = loadPack(logits + row * width, i, width, wide);
#pragma unroll
        for (int j = 0; j < P::COUNT; j++) {
            float hit = i + j == label ? 1.0f : 0.0f;
            pack.at[j] = Number<T>::narrow((expf(widen(pack.at[j]) - shift) - hit) * factor);
        }
        storePack(dlogits + row * width, i, width, pack, wide);
    }
}
