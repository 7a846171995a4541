// One fault each, to see that host_cuda.h finds it; the last one is right.
#include "common.cuh"

/** The second warp is divided between two kinds of barriers. */
__global__ void barrier_of_a_part(int* out) {
    if (threadIdx.x < 48) __syncthreads();
    else __syncwarp();
    out[0] = 1;
}
__global__ void barriers_at_two_places(int* out) {
    if (threadIdx.x < 32) {
        __syncthreads();
    } else {
        __syncthreads();
    }
    out[0] = 1;
}
__global__ void shuffle_of_a_part(int* out) { out[threadIdx.x] = __shfl_sync(0xffffu, out[threadIdx.x], 0); }
__global__ void thread_ends_early(int* out) {
    if (threadIdx.x == 5) return;
    __syncthreads();
    out[threadIdx.x] = 1;
}
__global__ void index_past_the_end(int* out) {
    SHARED_ARRAY(int, values, 32);
    values[threadIdx.x + 1] = 1;
    out[threadIdx.x] = values[threadIdx.x];
}
__global__ void dynamic_past_the_end(int* out) {
    DYNAMIC_SHARED(int, values);
    values[threadIdx.x] = 1;
    out[threadIdx.x] = values[threadIdx.x];
}
__global__ void misaligned(int* out) { storePack(out, 1, 64, loadPack(out, 0, 64, true), true); }
/** Writes each thread's number, reads the neighbour's. */
__global__ void missing_barrier(int* out) {
    SHARED_ARRAY(int, values, 64);
    values[threadIdx.x] = threadIdx.x;
    out[threadIdx.x] = values[(threadIdx.x + 1) % 64];
}
__global__ void warp_exchange_without_sync(int* out) {
    SHARED_ARRAY(int, values, 64);
    values[threadIdx.x] = threadIdx.x;
    out[threadIdx.x] = values[threadIdx.x ^ 1];
}
__global__ void counts_by_atomics(int* out) {
    atomicAdd(out, 1);
    atomicMax(out + 1, (int) (blockIdx.x * blockDim.x + threadIdx.x));
    int lanes = __popc(__ballot_sync(ALL_LANES, threadIdx.x % 2 == 0));
    if (threadIdx.x == 0) out[2 + blockIdx.x] = lanes;
}
