// Element by element: functions of one, two or many tensors, with broadcasting; casts, constants, choices.
// Every thread works on packs of 128 bits of its largest type; arrays of any length at any address of their type.
#include "functions.cuh"

/** Elements of a pack of which the larger of two types fills 128 bits. */
template <typename A, typename B> struct Together { enum { COUNT = 16 / (sizeof(A) > sizeof(B) ? sizeof(A) : sizeof(B)) }; };

/** z = f(x). */
template <typename T, typename F> __global__ void unary(T* z, const T* x, long long count) {
    typedef Pack<T> P;
    bool wide = aligned<T, P::COUNT>(x) && aligned<T, P::COUNT>(z);
    FOR_PACKS(P::COUNT, i, count) {
        P pack = loadPack(x, i, count, wide);
#pragma unroll
        for (int j = 0; j < P::COUNT; j++) pack.at[j] = Number<T>::narrow(F()(widen(pack.at[j])));
        storePack(z, i, count, pack, wide);
    }
}

/** z = f(a, b), of one shape; Z is T or bool8. */
template <typename T, typename Z, typename F> __global__ void binary(Z* z, const T* a, const T* b, long long count) {
    enum { N = Pack<T>::COUNT };
    bool wide = aligned<T, N>(a) && aligned<T, N>(b) && aligned<Z, N>(z);
    FOR_PACKS(N, i, count) {
        Pack<T> left = loadPack(a, i, count, wide), right = loadPack(b, i, count, wide);
        Pack<Z, N> result;
#pragma unroll
        for (int j = 0; j < N; j++) result.at[j] = Number<Z>::narrow(F()(widen(left.at[j]), widen(right.at[j])));
        storePack(z, i, count, result, wide);
    }
}

/** z = f(x, scalar), or f(scalar, x) when reversed. */
template <typename T, typename F> __global__ void binary_scalar(T* z, const T* x, double scalar, int reversed, long long count) {
    typedef Pack<T> P;
    typedef typename Number<T>::Compute C;
    C s = (C) scalar;
    bool wide = aligned<T, P::COUNT>(x) && aligned<T, P::COUNT>(z);
    FOR_PACKS(P::COUNT, i, count) {
        P pack = loadPack(x, i, count, wide);
#pragma unroll
        for (int j = 0; j < P::COUNT; j++) {
            C value = widen(pack.at[j]);
            pack.at[j] = Number<T>::narrow(reversed ? F()(s, value) : F()(value, s));
        }
        storePack(z, i, count, pack, wide);
    }
}

/** The dims of a broadcast: the last one of all, and up to 5 before it, with the strides of both operands. */
struct BroadcastDims {
    long long inner;
    long long innerA, innerB;  // strides in the last dim, 0 or 1
    long long sizes[5], a[5], b[5];
    int outerDims;
    int wide;  // whether rows of all three begin aligned to a pack
};

template <typename T, typename Z, typename F, typename I>
__device__ __forceinline__ void broadcastPacks(Z* z, const T* a, const T* b, const BroadcastDims& dims, long long rows) {
    enum { N = Pack<T>::COUNT };
    I packs = (I) ((dims.inner + N - 1) / N);
    I total = (I) rows * packs;
    for (I p = (I) blockIdx.x * blockDim.x + threadIdx.x; p < total; p += (I) gridDim.x * blockDim.x) {
        I row = p / packs;
        long long first = (long long) (p - row * packs) * N;
        const T* left = a;
        const T* right = b;
        I rest = row;
        for (int d = dims.outerDims - 1; d >= 0; d--) {
            I next = rest / (I) dims.sizes[d];
            I index = rest - next * (I) dims.sizes[d];
            left += (long long) index * dims.a[d];
            right += (long long) index * dims.b[d];
            rest = next;
        }
        Pack<T> leftPack, rightPack;
        if (dims.innerA) leftPack = loadPack(left, first, dims.inner, dims.wide);
        if (dims.innerB) rightPack = loadPack(right, first, dims.inner, dims.wide);
        Pack<Z, N> result;
#pragma unroll
        for (int j = 0; j < N; j++) {
            result.at[j] = Number<Z>::narrow(
                    F()(widen(dims.innerA ? leftPack.at[j] : *left), widen(dims.innerB ? rightPack.at[j] : *right)));
        }
        storePack(z + (long long) row * dims.inner, first, dims.inner, result, dims.wide);
    }
}

/** z = f(a, b) as NumPy broadcasts. */
template <typename T, typename Z, typename F>
__global__ void broadcast(Z* z, const T* a, const T* b, BroadcastDims dims) {
    long long rows = 1;
    for (int d = 0; d < dims.outerDims; d++) rows *= dims.sizes[d];
    // Divisions of 32 bits are several times as fast. The bound leaves room for one step over the grid.
    if (rows * (dims.inner / Pack<T>::COUNT + 1) < 0x40000000ll) broadcastPacks<T, Z, F, unsigned>(z, a, b, dims, rows);
    else broadcastPacks<T, Z, F, unsigned long long>(z, a, b, dims, rows);
}

/** Converts; floats become integers by truncation, and what is not 0 becomes true. */
template <typename From, typename To> struct Conversion {
    static __device__ __forceinline__ To of(From x) { return Number<To>::narrow((typename Number<To>::Compute) widen(x)); }
};
template <typename From> struct Conversion<From, bool8> {
    static __device__ __forceinline__ bool8 of(From x) { return widen(x) != 0; }
};
template <typename From, typename To> __global__ void cast(To* z, const From* x, long long count) {
    enum { N = Together<From, To>::COUNT };
    bool wide = aligned<From, N>(x) && aligned<To, N>(z);
    FOR_PACKS(N, i, count) {
        Pack<From, N> in = loadPack<From, N>(x, i, count, wide);
        Pack<To, N> out;
#pragma unroll
        for (int j = 0; j < N; j++) out.at[j] = Conversion<From, To>::of(in.at[j]);
        storePack(z, i, count, out, wide);
    }
}

/** The addresses of the tensors of a sum. */
struct Addresses {
    const void* at[64];
};

/** z = the sum of {@code operands} tensors, added left to right; rounded once. z may be the first of them. */
template <typename T> __global__ void add_n(T* z, Addresses x, int operands, long long count) {
    typedef Pack<T> P;
    typedef typename Number<T>::Compute C;
    bool wide = aligned<T, P::COUNT>(z);
    for (int o = 0; o < operands; o++) wide = wide && aligned<T, P::COUNT>((const T*) x.at[o]);
    FOR_PACKS(P::COUNT, i, count) {
        C sum[P::COUNT];
        for (int o = 0; o < operands; o++) {
            P pack = loadPack((const T*) x.at[o], i, count, wide);
#pragma unroll
            for (int j = 0; j < P::COUNT; j++) sum[j] = o == 0 ? widen(pack.at[j]) : sum[j] + widen(pack.at[j]);
        }
        P result;
#pragma unroll
        for (int j = 0; j < P::COUNT; j++) result.at[j] = Number<T>::narrow(sum[j]);
        storePack(z, i, count, result, wide);
    }
}

/** z = condition ? a : b, for elements of the size of U. */
template <typename U>
__global__ void select(U* z, const bool8* condition, const U* a, const U* b, long long count) {
    enum { N = Pack<U>::COUNT };
    bool wide = aligned<U, N>(a) && aligned<U, N>(b) && aligned<U, N>(z) && aligned<bool8, N>(condition);
    FOR_PACKS(N, i, count) {
        Pack<bool8, N> choice = loadPack<bool8, N>(condition, i, count, wide);
        Pack<U> left = loadPack(a, i, count, wide), right = loadPack(b, i, count, wide);
#pragma unroll
        for (int j = 0; j < N; j++) left.at[j] = choice.at[j] ? left.at[j] : right.at[j];
        storePack(z, i, count, left, wide);
    }
}

/** All elements alike. */
template <typename T> __global__ void fill(T* z, double value, long long count) {
    typedef Pack<T> P;
    bool wide = aligned<T, P::COUNT>(z);
    P pack;
#pragma unroll
    for (int j = 0; j < P::COUNT; j++) pack.at[j] = Conversion<double, T>::of(value);
    FOR_PACKS(P::COUNT, i, count) storePack(z, i, count, pack, wide);
}

/** Each element is its index along a dim of {@code size}, each index {@code inner} times in a row, plus an offset. */
template <typename T> __global__ void iota(T* z, long long size, long long inner, long long offset, long long count) {
    FOR_PACKS(1, i, count) z[i] = Number<T>::narrow((typename Number<T>::Compute) (i / inner % size + offset));
}
