// AdamW, for one tensor or for all tensors of an update in one launch.
#include "common.cuh"

/** One tensor of the update. Where results do not overwrite operands, the addresses differ. */
struct AdamWTensor {
    const void* parameter;  // float32: the parameter, or its master copy where the parameter is of another type
    const void* gradient;
    const float* m;
    const float* v;
    float* newParameter;    // may be the parameter
    float* newM;
    float* newV;
    void* stored;           // the new parameter in another type, or null
    long long count;
    long long firstChunk;   // chunks of the tensors before
    float weightDecay;
    int padding;
};

/** Numbers that are the same for all tensors; addresses of scalars on the device, as they change from step to step. */
struct AdamWNumbers {
    const float* rate;
    const float* correction1;  // 1 - beta1^t
    const float* correction2;  // 1 - beta2^t
    const float* scale;        // what gradients are multiplied by (clipping, loss scale), or null
    double beta1, beta2;
    float epsilon;
    int padding;
};

/**
 * Elements start to end of one tensor by one block: m' = m + (1 - beta1) (g - m); v' = beta2 v + (1 - beta2) g^2;
 * p' = p (1 - rate decay) - rate / c1 m' / (sqrt(v' / c2) + epsilon), where g is the gradient times the scale.
 */
template <typename P, typename G>
__device__ __forceinline__ void update(const AdamWTensor& t, const AdamWNumbers& numbers, long long start, long long end) {
    enum { N = 4 };
    const float* parameter = (const float*) t.parameter;
    const G* gradient = (const G*) t.gradient;
    P* stored = (P*) t.stored;
    bool wide = aligned<float, N>(parameter) && aligned<G, N>(gradient) && aligned<float, N>(t.m) && aligned<float, N>(t.v)
            && aligned<float, N>(t.newParameter) && aligned<float, N>(t.newM) && aligned<float, N>(t.newV) && aligned<P, N>(stored);
    float factor = numbers.scale ? *numbers.scale : 1.0f;
    float beta2 = (float) numbers.beta2;
    float rest1 = (float) (1 - numbers.beta1), rest2 = (float) (1 - numbers.beta2);
    float keep = 1 - *numbers.rate * t.weightDecay;
    float step = *numbers.rate / *numbers.correction1;
    float root = 1 / *numbers.correction2;
    for (long long i = start + (long long) threadIdx.x * N; i < end; i += (long long) blockDim.x * N) {
        Pack<float, N> p = loadPack<float, N>(parameter, i, end, wide);
        Pack<float, N> m = loadPack<float, N>(t.m, i, end, wide), v = loadPack<float, N>(t.v, i, end, wide);
        Pack<G, N> g = loadPack<G, N>(gradient, i, end, wide);
        Pack<P, N> rounded;
#pragma unroll
        for (int j = 0; j < N; j++) {
            float grad = widen(g.at[j]) * factor;
            m.at[j] += rest1 * (grad - m.at[j]);
            v.at[j] = beta2 * v.at[j] + rest2 * grad * grad;
            p.at[j] = p.at[j] * keep - step * m.at[j] / (sqrtf(v.at[j] * root) + numbers.epsilon);
            rounded.at[j] = Number<P>::narrow(p.at[j]);
        }
        storePack(t.newParameter, i, end, p, wide);
        storePack(t.newM, i, end, m, wide);
        storePack(t.newV, i, end, v, wide);
        if (stored) storePack(stored, i, end, rounded, wide);
    }
}

/** One tensor; a block does {@code chunk} elements. */
template <typename P, typename G> __global__ void adamw_one(AdamWTensor tensor, AdamWNumbers numbers, long long chunk) {
    long long start = blockIdx.x * chunk;
    update<P, G>(tensor, numbers, start, start + chunk < tensor.count ? start + chunk : tensor.count);
}

/** All tensors of a table in device memory, by firstChunk ascending; grid (all chunks). */
template <typename P, typename G>
__global__ void adamw_many(const AdamWTensor* tensors, int numTensors, AdamWNumbers numbers, long long chunk) {
    // The last tensor that begins at this chunk or before.
    int low = 0;
    for (int high = numTensors; high - low > 1;) {
        int middle = (low + high) / 2;
        if (tensors[middle].firstChunk <= (long long) blockIdx.x) low = middle;
        else high = middle;
    }
    const AdamWTensor tensor = tensors[low];
    long long start = (blockIdx.x - tensor.firstChunk) * chunk;
    update<P, G>(tensor, numbers, start, start + chunk < tensor.count ? start + chunk : tensor.count);
}
