// Counter-based random numbers: Philox 4x32-10 (Salmon, Moraes, Dror and Shaw 2011), the same bits as dev.tartan.random.
#include "common.cuh"

/** The four words of block {@code index}. */
__device__ __forceinline__ void philox(unsigned long long seed, unsigned long long index, unsigned step, unsigned stream, unsigned words[4]) {
    unsigned c0 = (unsigned) index, c1 = (unsigned) (index >> 32), c2 = step, c3 = stream;
    unsigned k0 = (unsigned) seed, k1 = (unsigned) (seed >> 32);
#pragma unroll
    for (int round = 0; round < 10; round++) {
        unsigned high0 = __umulhi(0xD2511F53u, c0), low0 = 0xD2511F53u * c0;
        unsigned high1 = __umulhi(0xCD9E8D57u, c2), low1 = 0xCD9E8D57u * c2;
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    words[0] = c0;
    words[1] = c1;
    words[2] = c2;
    words[3] = c3;
}

/** Where a shard lies in the whole tensor. */
struct ShardBox {
    long long sizes[8], wholes[8], starts[8];
    int dims;
    int padding;
};

/**
 * Numbers in [0, 1): the element whose row-major index in the whole is e is the upper 24 bits of word e % 4 of block e / 4.
 * A thread makes four neighbours of a row.
 *
 * @param step an integer on the device
 */
template <typename T>
__global__ void random_uniform(T* z, const int* step, unsigned long long seed, unsigned stream, ShardBox box) {
    long long width = box.dims == 0 ? 1 : box.sizes[box.dims - 1];
    long long packs = (width + 3) / 4;
    long long rows = 1;
    for (int d = 0; d < box.dims - 1; d++) rows *= box.sizes[d];
    for (long long p = (long long) blockIdx.x * blockDim.x + threadIdx.x; p < rows * packs; p += (long long) gridDim.x * blockDim.x) {
        long long row = p / packs, column = (p - row * packs) * 4;
        long long element = 0, factor = 1, rest = row;
        for (int d = box.dims - 1; d >= 0; d--) {
            long long index = column;
            if (d < box.dims - 1) {
                index = rest % box.sizes[d];
                rest /= box.sizes[d];
            }
            element += (box.starts[d] + index) * factor;
            factor *= box.wholes[d];
        }
        unsigned words[4];
        long long block = -1;
        for (int j = 0; j < 4 && column + j < width; j++, element++) {
            if (element >> 2 != block) {
                block = element >> 2;
                philox(seed, (unsigned long long) block, (unsigned) *step, stream, words);
            }
            z[row * width + column + j] = Number<T>::narrow((float) (words[element & 3] >> 8) * 5.9604644775390625e-8f);
        }
    }
}
