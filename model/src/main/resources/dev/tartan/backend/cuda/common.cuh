// What all kernels share: element types, 128-bit memory accesses, reductions over warps and blocks.
// Compiled by NVRTC and nvcc for devices, and by a host compiler (with host_cuda.h before it) for tests on a CPU. So
// nothing is included here, and everything that only one of them has is in this file.
#pragma once

#ifndef SHARED_ARRAY
/** An array of the block's shared memory. */
#define SHARED_ARRAY(type, name, count) __shared__ type name[count]
/** The block's shared memory whose size the launch says; aligned to 16 bytes. */
#define DYNAMIC_SHARED(type, name)                    \
    extern __shared__ __align__(16) char dynamicShared[]; \
    type* name = reinterpret_cast<type*>(dynamicShared)
/** Whether an address may be used for 128-bit accesses is the caller's to know; the host's version checks it. */
#define CHECK_ALIGNED(address, bytes)
#endif

#define ALL_LANES 0xffffffffu

// ---- element types -------------------------------------------------------------------------------------------------

/** The upper half of a float32. */
struct bfloat16 {
    unsigned short bits;
};

/** IEEE 754 binary16. */
struct float16 {
    unsigned short bits;
};

/** A boolean as tensors have it: a byte 0 or 1. */
typedef unsigned char bool8;

/** Rounds to nearest, ties to even; a NaN stays one (which one depends on the device). */
__device__ __forceinline__ bfloat16 toBfloat16(float value) {
    bfloat16 result;
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(result.bits) : "f"(value));
#else
    unsigned bits = __float_as_uint(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) {
        // A NaN whose upper half would not tell all of it is made quiet, so that it does not become an infinity.
        if ((bits & 0xffffu) != 0) bits |= 0x400000u;
    } else {
        bits += 0x7fffu + (bits >> 16 & 1u);
    }
    result.bits = (unsigned short) (bits >> 16);
#endif
    return result;
}

/** Rounds to nearest, ties to even; infinity from 65520 on. */
__device__ __forceinline__ float16 toFloat16(float value) {
    float16 result;
#if defined(__CUDA_ARCH__)
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result.bits) : "f"(value));
#else
    unsigned bits = __float_as_uint(value);
    unsigned sign = bits >> 16 & 0x8000u;
    unsigned magnitude = bits & 0x7fffffffu;
    unsigned half;
    if (magnitude > 0x7f800000u) {
        half = 0x7e00u | (magnitude >> 13 & 0x3ffu);
    } else if (magnitude < 0x38800000u) {
        // Subnormals count by 2^-24; the sum may carry into the smallest normal number, as it should.
        half = (unsigned) rintf(__uint_as_float(magnitude) * 16777216.0f);
    } else {
        unsigned rounded = (magnitude + 0xfffu + (magnitude >> 13 & 1u) - (112u << 23)) >> 13;
        half = rounded < 0x7c00u ? rounded : 0x7c00u;
    }
    result.bits = (unsigned short) (sign | half);
#endif
    return result;
}

/** Exact. */
__device__ __forceinline__ float toFloat(float16 value) {
#if defined(__CUDA_ARCH__)
    float result;
    asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(value.bits));
    return result;
#else
    unsigned sign = (value.bits & 0x8000u) << 16;
    unsigned exponent = value.bits >> 10 & 0x1fu;
    unsigned mantissa = value.bits & 0x3ffu;
    if (exponent == 0) return __uint_as_float(sign | __float_as_uint((float) mantissa * 5.9604644775390625e-8f));
    return __uint_as_float(sign | (exponent == 0x1fu ? 0xffu : exponent + 112u) << 23 | mantissa << 13);
#endif
}

/** How elements of a type are computed with: {@code Compute}, and the way there and back. */
template <typename T> struct Number {
    typedef T Compute;
    static __device__ __forceinline__ T widen(T value) { return value; }
    static __device__ __forceinline__ T narrow(T value) { return value; }
};
template <> struct Number<bfloat16> {
    typedef float Compute;
    static __device__ __forceinline__ float widen(bfloat16 value) { return __uint_as_float((unsigned) value.bits << 16); }
    static __device__ __forceinline__ bfloat16 narrow(float value) { return toBfloat16(value); }
};
template <> struct Number<float16> {
    typedef float Compute;
    static __device__ __forceinline__ float widen(float16 value) { return toFloat(value); }
    static __device__ __forceinline__ float16 narrow(float value) { return toFloat16(value); }
};
template <typename T> __device__ __forceinline__ typename Number<T>::Compute widen(T value) { return Number<T>::widen(value); }

/** The positive infinity of float32; macros for it differ between compilers. */
__device__ __forceinline__ float infinity() { return __uint_as_float(0x7f800000u); }
__device__ __forceinline__ float notANumber() { return __uint_as_float(0x7fc00000u); }

// ---- 128-bit accesses ----------------------------------------------------------------------------------------------

template <int BYTES> struct Raw;
template <> struct Raw<16> { typedef uint4 Type; };
template <> struct Raw<8> { typedef uint2 Type; };
template <> struct Raw<4> { typedef unsigned int Type; };
template <> struct Raw<2> { typedef unsigned short Type; };
template <> struct Raw<1> { typedef unsigned char Type; };

/** Consecutive elements that are loaded and stored at once; by default as many as 128 bits hold. */
template <typename T, int N = 16 / sizeof(T)> struct Pack {
    enum { COUNT = N };
    union {
        typename Raw<sizeof(T) * N>::Type raw;
        T at[N];
    };
};

template <typename T, int N> __device__ __forceinline__ bool aligned(const T* address) {
    return reinterpret_cast<size_t>(address) % (sizeof(T) * N) == 0;
}

/**
 * Elements {@code start .. start + N} of an array of {@code count}; those past its end are zeros.
 *
 * @param wide whether {@code from + start} is aligned to the whole pack
 */
template <typename T, int N = 16 / sizeof(T)>
__device__ __forceinline__ Pack<T, N> loadPack(const T* from, long long start, long long count, bool wide) {
    Pack<T, N> pack;
    if (wide && start + N <= count) {
        CHECK_ALIGNED(from + start, sizeof(pack));
        pack.raw = *reinterpret_cast<const typename Raw<sizeof(T) * N>::Type*>(from + start);
    } else {
#pragma unroll
        for (int j = 0; j < N; j++) pack.at[j] = start + j < count ? from[start + j] : T();
    }
    return pack;
}

/** As {@link loadPack}; nothing is written past the array's end. */
template <typename T, int N>
__device__ __forceinline__ void storePack(T* to, long long start, long long count, const Pack<T, N>& pack, bool wide) {
    if (wide && start + N <= count) {
        CHECK_ALIGNED(to + start, sizeof(pack));
        *reinterpret_cast<typename Raw<sizeof(T) * N>::Type*>(to + start) = pack.raw;
    } else {
#pragma unroll
        for (int j = 0; j < N; j++) {
            if (start + j < count) to[start + j] = pack.at[j];
        }
    }
}

/** Goes through the packs of an array that are this thread's; {@code first} is the index of the first element. */
#define FOR_PACKS(N, first, count)                                                                          \
    for (long long first = ((long long) blockIdx.x * blockDim.x + threadIdx.x) * (N); first < (count);      \
         first += (long long) gridDim.x * blockDim.x * (N))

/** Whether rows of {@code width} elements, one after another from {@code rows} on, can be read in whole packs. */
template <typename T, int N = 16 / sizeof(T)> __device__ __forceinline__ bool wideRows(const T* rows, long long width) {
    return width % N == 0 && aligned<T, N>(rows);
}

// ---- reductions ----------------------------------------------------------------------------------------------------

struct Sum {
    template <typename C> __device__ __forceinline__ C operator()(C a, C b) const { return a + b; }
    static __device__ __forceinline__ float neutral() { return 0; }
};
/** The larger one; a NaN wins. */
struct Max {
    template <typename C> __device__ __forceinline__ C operator()(C a, C b) const { return a > b || a != a ? a : b; }
    static __device__ __forceinline__ float neutral() { return -infinity(); }
};
/** The smaller one; a NaN wins. */
struct Min {
    template <typename C> __device__ __forceinline__ C operator()(C a, C b) const { return a < b || a != a ? a : b; }
    static __device__ __forceinline__ float neutral() { return infinity(); }
};

/** Combines the values of groups of {@code WIDTH} neighbouring lanes, a power of two; all of a group get the result. */
template <int WIDTH, typename C, typename R> __device__ __forceinline__ C reduceLanes(C value, R combine) {
#pragma unroll
    for (int mask = WIDTH / 2; mask > 0; mask /= 2) value = combine(value, __shfl_xor_sync(ALL_LANES, value, mask));
    return value;
}

/** In each lane of a block's warps the value of the warp of that number; lanes without one get {@code neutral}. */
template <typename C> __device__ __forceinline__ C valueOfWarp(C value, C neutral) {
    SHARED_ARRAY(C, values, 32);
    int lane = threadIdx.x % 32;
    __syncthreads();  // the values of a call before this one may still be read
    if (lane == 0) values[threadIdx.x / 32] = value;
    __syncthreads();
    return lane < (int) (blockDim.x / 32) ? values[lane] : neutral;
}

/**
 * Combines the values of the threads that share a row: all threads of one {@code threadIdx.y}. They are a warp, or the
 * whole block, of whole warps, and then all of the block must call this. All of them get the result.
 */
template <typename C, typename R> __device__ __forceinline__ C reduceRow(C value, R combine) {
    value = reduceLanes<32>(value, combine);
    if (blockDim.x == 32) return value;
    return reduceLanes<32>(valueOfWarp(value, (C) R::neutral()), combine);
}

/** Index of the first row of this block and the number of rows that all blocks do at once: a row per threadIdx.y. */
__device__ __forceinline__ long long firstRow() { return (long long) blockIdx.x * blockDim.y + threadIdx.y; }

/** Goes through the packs of a row that are this thread's; {@code first} is the index of the first element. */
#define FOR_ROW(N, first, width) \
    for (long long first = (long long) threadIdx.x * (N); first < (width); first += (long long) blockDim.x * (N))

// ---- element by element ---------------------------------------------------------------------------------------------

/** Goes through the elements that are this thread's. */
#define FOR_ELEMENTS(i, count)                                                           \
    for (long long i = (long long) blockIdx.x * blockDim.x + threadIdx.x; i < (count);   \
         i += (long long) gridDim.x * blockDim.x)

/** Divisions of 32 bits are several times as fast. */
__device__ __forceinline__ long long quotient(long long dividend, int divisor) {
    return dividend < 0x80000000ll ? (long long) ((unsigned) dividend / (unsigned) divisor) : dividend / divisor;
}
