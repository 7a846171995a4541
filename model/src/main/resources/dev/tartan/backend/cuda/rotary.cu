// Rotary position embedding, in the half-split pairing of Hugging Face's Llama.
#include "common.cuh"

/**
 * table[position, i] = cosine and sine of position / theta^(2i/d), for i below half of d; once for a program. In double
 * precision, because a float32 angle at position 8,192 is off by half a thousandth.
 *
 * @param logTheta the logarithm of theta
 */
__global__ void rotary_table(float* cosines, float* sines, long long positions, int half, double logTheta, long long offset) {
    long long count = positions * half;
    for (long long k = (long long) blockIdx.x * blockDim.x + threadIdx.x; k < count; k += (long long) gridDim.x * blockDim.x) {
        double angle = (double) (offset + k / half) * exp((double) (k % half) * (-logTheta / half));
        cosines[k] = (float) cos(angle);
        sines[k] = (float) sin(angle);
    }
}

/** Turns elements i and i + half of each row of x [rows, 2 half]; rows go round the positions of the table. */
template <typename T>
__global__ void rotary(T* y, const T* x, const float* cosines, const float* sines, long long rows, long long positions,
        int half, int inverse) {
    enum { N = 4 };
    int packs = (half + N - 1) / N;
    bool wide = half % N == 0 && aligned<T, N>(x) && aligned<T, N>(y) && aligned<float, N>(cosines) && aligned<float, N>(sines);
    long long count = rows * packs;
    for (long long k = (long long) blockIdx.x * blockDim.x + threadIdx.x; k < count; k += (long long) gridDim.x * blockDim.x) {
        long long row = k / packs;
        int i = (int) (k - row * packs) * N;
        const T* from = x + row * 2 * half;
        T* to = y + row * 2 * half;
        long long place = row % positions * half;
        Pack<float, N> cosine = loadPack<float, N>(cosines + place, i, half, wide);
        Pack<float, N> sine = loadPack<float, N>(sines + place, i, half, wide);
        Pack<T, N> low = loadPack<T, N>(from, i, half, wide), high = loadPack<T, N>(from + half, i, half, wide);
#pragma unroll
        for (int j = 0; j < N; j++) {
            float a = widen(low.at[j]), b = widen(high.at[j]);
            float c = cosine.at[j], s = inverse ? -sine.at[j] : sine.at[j];
            low.at[j] = Number<T>::narrow(a * c - b * s);
            high.at[j] = Number<T>::narrow(b * c + a * s);
        }
        storePack(to, i, half, low, wide);
        storePack(to + half, i, half, high, wide);
    }
}
