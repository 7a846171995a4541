// Moves elements without looking at them: slices, pieces of a concatenation, padding, repetition, transposes. U is
// unsigned, of the size of an element, or of several where all strides allow.
#include "common.cuh"

/** A box of up to 6 dims, the last one first, and how far its neighbours are from each other in both tensors. */
struct CopyBox {
    long long sizes[6], to[6], from[6];
    long long count;
    int dims;
    int padding;
};

template <typename U, typename I> __device__ __forceinline__ void copyElements(U* to, const U* from, const CopyBox& box) {
    for (I i = (I) blockIdx.x * blockDim.x + threadIdx.x; i < (I) box.count; i += (I) gridDim.x * blockDim.x) {
        I rest = i;
        long long target = 0, source = 0;
        for (int d = 0; d < box.dims - 1; d++) {
            I next = rest / (I) box.sizes[d];
            long long index = (long long) (rest - next * (I) box.sizes[d]);
            target += index * box.to[d];
            source += index * box.from[d];
            rest = next;
        }
        target += (long long) rest * box.to[box.dims - 1];
        source += (long long) rest * box.from[box.dims - 1];
        to[target] = from[source];
    }
}

/** Copies a box; strides of 0 in the source repeat elements. */
template <typename U> __global__ void copy_box(U* to, const U* from, CopyBox box) {
    // Divisions of 32 bits are several times as fast. The bound leaves room for one step over the grid.
    if (box.count < 0x40000000ll) copyElements<U, unsigned>(to, from, box);
    else copyElements<U, unsigned long long>(to, from, box);
}

/**
 * A transpose in which another dim becomes the last one. In the box, dim 0 is the last one of the target, dim 1 the last
 * one of the source, so to[0] = from[1] = 1; the others are walked through by blockIdx.z. Tiles of 32 x 32 go through
 * shared memory, so that both sides are read and written in rows. Blocks (32, 8), grid (tiles of dim 0 times those of
 * dim 1, 1, others).
 */
template <typename U> __global__ void transpose_tiles(U* to, const U* from, CopyBox box) {
    SHARED_ARRAY(U, tile, 32 * 33);
    long long tilesAcross = (box.sizes[0] + 31) / 32;
    long long first0 = blockIdx.x % tilesAcross * 32, first1 = blockIdx.x / tilesAcross * 32;
    long long others = box.count / (box.sizes[0] * box.sizes[1]);
    for (long long o = blockIdx.z; o < others; o += gridDim.z) {
        long long rest = o, target = 0, source = 0;
        for (int d = 2; d < box.dims; d++) {
            long long index = rest % box.sizes[d];
            rest /= box.sizes[d];
            target += index * box.to[d];
            source += index * box.from[d];
        }
        __syncthreads();  // the tile before this one may still be read
        for (int y = threadIdx.y; y < 32; y += 8) {
            long long i0 = first0 + y, i1 = first1 + threadIdx.x;
            if (i0 < box.sizes[0] && i1 < box.sizes[1]) tile[y * 33 + threadIdx.x] = from[source + i0 * box.from[0] + i1];
        }
        __syncthreads();
        for (int y = threadIdx.y; y < 32; y += 8) {
            long long i0 = first0 + threadIdx.x, i1 = first1 + y;
            if (i0 < box.sizes[0] && i1 < box.sizes[1]) to[target + i1 * box.to[1] + i0] = tile[threadIdx.x * 33 + y];
        }
    }
}
