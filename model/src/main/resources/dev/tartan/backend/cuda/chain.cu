// Chains of elementwise ops: dev.tartan.op.FusedElementwise. A chain is a list of template arguments, so each has a kernel
// of its own in which all that is between the ops is in registers. Each operand is read once. All ops are
// computed in float32 and only the result is rounded to 16 bits. In float32 it is that of the ops one by one, to the bit.
#include "functions.cuh"

/** As it is, but no multiplication before it and no addition after it become one operation of other rounding. */
__device__ __forceinline__ float settled(float value) {
#if defined(__CUDA_ARCH__)
    return __fadd_rn(value, -0.0f);
#else
    return value;
#endif
}

/** F of the values with these indices. */
template <typename F, int... Values> struct Call {
    static __device__ __forceinline__ float of(const float* values, const double* scalars) { return F()(values[Values]...); }
};

/** F of a value and a scalar; of the scalar and the value when reversed. */
template <typename F, int VALUE, int SCALAR, bool REVERSED> struct ScalarCall {
    static __device__ __forceinline__ float of(const float* values, const double* scalars) {
        float scalar = (float) scalars[SCALAR];
        return REVERSED ? F()(scalar, values[VALUE]) : F()(values[VALUE], scalar);
    }
};

/** The sum of values, from left to right. */
template <int FIRST, int... Values> struct SumCall {
    static __device__ __forceinline__ float of(const float* values, const double* scalars) {
        float sum = values[FIRST];
        ((sum = sum + values[Values]), ...);
        return sum;
    }
};

/** The operands, each repeated after its {@code counts} elements, and the scalar of each step that has one. */
struct ChainOperands {
    const void* at[6];
    long long counts[6];
    double scalars[8];
};

/** Elements {@code i .. i + N} of an array of {@code count} that is {@code part} again and again. */
template <typename T> __device__ __forceinline__ Pack<T> loadRepeated(const T* part, long long partCount, long long i, long long count) {
    enum { N = Pack<T>::COUNT };
    if (partCount == count) return loadPack(part, i, count, aligned<T, N>(part));
    long long start = count <= 0xffffffffll ? (long long) ((unsigned) i % (unsigned) partCount) : i % partCount;
    if (partCount % N == 0) return loadPack(part, start, partCount, aligned<T, N>(part));
    Pack<T> pack;
#pragma unroll
    for (int j = 0; j < N; j++) {
        pack.at[j] = part[start];
        start = start + 1 == partCount ? 0 : start + 1;
    }
    return pack;
}

/** z = the last of some steps. The values of an element are its operands, then what each step gives. */
template <typename T, int OPERANDS, typename... Steps>
__global__ void chain(T* z, ChainOperands operands, long long count) {
    enum { N = Pack<T>::COUNT };
    bool wide = aligned<T, N>(z);
    FOR_PACKS(N, i, count) {
        Pack<T> packs[OPERANDS];
#pragma unroll
        for (int o = 0; o < OPERANDS; o++) {
            packs[o] = loadRepeated((const T*) operands.at[o], operands.counts[o], i, count);
        }
        Pack<T> result;
#pragma unroll
        for (int j = 0; j < N; j++) {
            float values[OPERANDS + sizeof...(Steps)];
#pragma unroll
            for (int o = 0; o < OPERANDS; o++) values[o] = widen(packs[o].at[j]);
            int next = OPERANDS;
            ((values[next] = settled(Steps::of(values, operands.scalars)), next++), ...);
            result.at[j] = Number<T>::narrow(values[next - 1]);
        }
        storePack(z, i, count, result, wide);
    }
}
