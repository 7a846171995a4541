// What the kernels of attention have in common: where tensors lie, and which keys a query sees.
#pragma once
#include "functions.cuh"

/** Where a tensor [batch, heads, positions, size] lies: distances between neighbours in elements; the last one is 1. */
struct AttentionStrides {
    long long batch, head, position;
};
struct AttentionForm {
    AttentionStrides q, k, v, out;
    int heads, groups;  // groups: heads that share one of keys and values
    int queries, keys;
    int size;
    int causal;         // the last query sees all keys, the one before it one less
    float scale;
    int padding;
};

template <typename T> __device__ __forceinline__ const T* headOf(const T* tensor, const AttentionStrides& strides, int batch, int head) {
    return tensor + batch * strides.batch + head * strides.head;
}
template <typename T> __device__ __forceinline__ bool isWide(const T* head, const AttentionStrides& strides, int size) {
    return aligned<T, 4>(head) && strides.position % 4 == 0 && size % 4 == 0;
}
__device__ __forceinline__ float expOrZero(float score, float top) { return score == -infinity() ? 0.0f : expf(score - top); }

/** The first key that query {@code row} does not see. */
__device__ __forceinline__ int visibleKeys(const AttentionForm& form, int row) {
    int keys = form.causal ? row + 1 + form.keys - form.queries : form.keys;
    return keys < form.keys ? keys : form.keys;
}

/** Turns scores and the gradients of the probabilities into probabilities and the gradients of the unscaled scores. */
__device__ __forceinline__ void scoreGradient(float& score, float& gradient, bool seen, float logSum, float delta, float scale) {
    score = seen ? expf(score * scale - logSum) : 0.0f;
    gradient = seen ? score * (gradient - delta) * scale : 0.0f;
}
