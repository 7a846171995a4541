// Attention and its gradient in bfloat16 on tensor cores, from compute capability 8.0 on; the probabilities are never
// stored. Results and sums are as in attention.cu, but factors of matrix products are rounded to bfloat16.
//
// Blocks of 4 warps. A warp has 16 rows of a tile of 64; of their products with a tile of N rows, lane l has, for each 8 of
// the N, rows l / 4 and l / 4 + 8 and columns 2 (l % 4) and the next: what mma.m16n8k16 makes of its fragments. Such
// products, rounded, are in turn the left factor of the next product without leaving their lanes.
#include "attention.cuh"

#ifndef HOST_CUDA_TENSOR_CORES
/** c [16, 8] += a [16, 16] b [16, 8], in fragments of a warp (PTX ISA, mma.m16n8k16). */
__device__ __forceinline__ void multiplyAdd(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
#if __CUDA_ARCH__ >= 800
    asm volatile(
            "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
            : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
    __trap();
#endif
}
/** Two 8 x 8 tiles of shared memory, transposed; lane l % 16 says where row l % 8 of tile l / 8 is. */
__device__ __forceinline__ void loadTransposed(unsigned& first, unsigned& second, const bfloat16* rowOfLane) {
#if __CUDA_ARCH__ >= 750
    unsigned address = (unsigned) __cvta_generic_to_shared(rowOfLane);
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];" : "=r"(first), "=r"(second) : "r"(address) : "memory");
#else
    __trap();
#endif
}
#endif

enum { WARPS = 4, TILE = 16 * WARPS };

/** Rows of shared memory are 8 elements longer than D, so that neighbouring rows begin in other banks. */
template <int D> struct TensorPitch { enum { ELEMENTS = D + 8 }; };

__device__ __forceinline__ unsigned pairAt(const bfloat16* address) { return *reinterpret_cast<const unsigned*>(address); }
__device__ __forceinline__ unsigned pair(float low, float high) {
    return toBfloat16(low).bits | (unsigned) toBfloat16(high).bits << 16;
}

/** tile[r] = row first + r of a head, r below TILE; zeros past the last row and the head size. */
template <int D>
__device__ __forceinline__ void loadTensorTile(bfloat16* tile, const bfloat16* head, const AttentionStrides& strides, int first, int count, int size) {
    bool wide = aligned<bfloat16, 8>(head) && strides.position % 8 == 0 && size % 8 == 0;
    for (int i = threadIdx.x; i < TILE * (D / 8); i += 32 * WARPS) {
        int row = i / (D / 8), column = i % (D / 8) * 8;
        bool inside = first + row < count;
        Pack<bfloat16> pack = loadPack(head + (inside ? first + row : 0) * strides.position, column, inside ? size : 0, wide);
        storePack(tile, row * TensorPitch<D>::ELEMENTS + column, TILE * TensorPitch<D>::ELEMENTS, pack, true);
    }
}

/** product [16, TILE] = the warp's 16 rows of left times the rows of right. */
template <int D>
__device__ __forceinline__ void multiplyTensorRows(float (&product)[TILE / 8][4], const bfloat16* left, const bfloat16* right) {
    int row = threadIdx.x % 32 / 4, column = threadIdx.x % 4 * 2;
    const bfloat16* own = left + (threadIdx.x / 32 * 16 + row) * TensorPitch<D>::ELEMENTS + column;
#pragma unroll
    for (int n = 0; n < TILE / 8; n++)
#pragma unroll
        for (int j = 0; j < 4; j++) product[n][j] = 0;
#pragma unroll
    for (int d = 0; d < D; d += 16) {
        unsigned a[4] = {pairAt(own + d), pairAt(own + 8 * TensorPitch<D>::ELEMENTS + d), pairAt(own + d + 8),
                pairAt(own + 8 * TensorPitch<D>::ELEMENTS + d + 8)};
#pragma unroll
        for (int n = 0; n < TILE / 8; n++) {
            const bfloat16* other = right + (n * 8 + row) * TensorPitch<D>::ELEMENTS + d + column;
            multiplyAdd(product[n], a, pairAt(other), pairAt(other + 8));
        }
    }
}

/** sums [16, D] += weights [16, TILE], rounded, times rows [TILE, D]. */
template <int D>
__device__ __forceinline__ void addTensorRows(float (&sums)[D / 8][4], const float (&weights)[TILE / 8][4], const bfloat16* rows) {
    const bfloat16* own = rows + threadIdx.x % 16 * TensorPitch<D>::ELEMENTS;
#pragma unroll
    for (int k = 0; k < TILE / 16; k++) {
        const float* low = weights[2 * k];
        const float* high = weights[2 * k + 1];
        unsigned a[4] = {pair(low[0], low[1]), pair(low[2], low[3]), pair(high[0], high[1]), pair(high[2], high[3])};
#pragma unroll
        for (int n = 0; n < D / 8; n++) {
            unsigned first, second;
            loadTransposed(first, second, own + k * 16 * TensorPitch<D>::ELEMENTS + n * 8);
            multiplyAdd(sums[n], a, first, second);
        }
    }
}

/** Writes the warp's 16 rows, of a tile that begins at row first. */
template <int D>
__device__ __forceinline__ void storeTensorRows(bfloat16* head, const AttentionStrides& strides, int first, int count, int size, const float (&rows)[D / 8][4]) {
    bool wide = aligned<bfloat16, 2>(head) && strides.position % 2 == 0 && size % 2 == 0;
    int row = first + threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4, column = threadIdx.x % 4 * 2;
#pragma unroll
    for (int half = 0; half < 2; half++) {
        if (row + 8 * half >= count) continue;
#pragma unroll
        for (int n = 0; n < D / 8; n++) {
            Pack<bfloat16, 2> out;
            out.raw = pair(rows[n][2 * half], rows[n][2 * half + 1]);
            storePack(head + (row + 8 * half) * strides.position, n * 8 + column, size, out, wide);
        }
    }
}

/** As attention in attention.cu; grid (tiles of queries, heads, batch). */
template <int D>
__global__ void __launch_bounds__(128) attention_tensor(bfloat16* out, float* logSums, const bfloat16* q, const bfloat16* k,
        const bfloat16* v, AttentionForm form) {
    DYNAMIC_SHARED(bfloat16, queries);
    bfloat16* keys = queries + TILE * TensorPitch<D>::ELEMENTS;
    bfloat16* values = keys + TILE * TensorPitch<D>::ELEMENTS;
    int batch = blockIdx.z, head = blockIdx.y;
    int first = (gridDim.x - 1 - blockIdx.x) * TILE;
    const bfloat16* keyHead = headOf(k, form.k, batch, head / form.groups);
    const bfloat16* valueHead = headOf(v, form.v, batch, head / form.groups);
    loadTensorTile<D>(queries, headOf(q, form.q, batch, head), form.q, first, form.queries, form.size);
    float sums[D / 8][4] = {}, top[2] = {-infinity(), -infinity()}, total[2] = {0, 0};
    int row = first + threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4, column = threadIdx.x % 4 * 2;
    int last = first + TILE < form.queries ? first + TILE - 1 : form.queries - 1;
    int end = visibleKeys(form, last);
    for (int firstKey = 0; firstKey < end; firstKey += TILE) {
        __syncthreads();  // keys and values before are read
        loadTensorTile<D>(keys, keyHead, form.k, firstKey, form.keys, form.size);
        loadTensorTile<D>(values, valueHead, form.v, firstKey, form.keys, form.size);
        __syncthreads();
        float scores[TILE / 8][4];
        multiplyTensorRows<D>(scores, queries, keys);
#pragma unroll
        for (int half = 0; half < 2; half++) {
            int visible = visibleKeys(form, row + 8 * half);
            float largest = -infinity();
#pragma unroll
            for (int n = 0; n < TILE / 8; n++) {
#pragma unroll
                for (int j = 2 * half; j < 2 * half + 2; j++) {
                    bool seen = firstKey + n * 8 + column + j % 2 < visible;
                    scores[n][j] = seen ? scores[n][j] * form.scale : -infinity();
                    largest = Max()(largest, scores[n][j]);
                }
            }
            float newTop = Max()(top[half], reduceLanes<4>(largest, Max()));
            float keep = expOrZero(top[half], newTop), sum = 0;
#pragma unroll
            for (int n = 0; n < TILE / 8; n++) {
#pragma unroll
                for (int j = 2 * half; j < 2 * half + 2; j++) {
                    scores[n][j] = expOrZero(scores[n][j], newTop);
                    sum += scores[n][j];
                }
            }
            total[half] = total[half] * keep + reduceLanes<4>(sum, Sum());
            top[half] = newTop;
#pragma unroll
            for (int n = 0; n < D / 8; n++) {
                sums[n][2 * half] *= keep;
                sums[n][2 * half + 1] *= keep;
            }
        }
        addTensorRows<D>(sums, scores, values);
    }
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float factor = 1 / total[half];
#pragma unroll
        for (int n = 0; n < D / 8; n++) {
            sums[n][2 * half] *= factor;
            sums[n][2 * half + 1] *= factor;
        }
        if (column == 0 && row + 8 * half < form.queries) {
            logSums[((long long) batch * form.heads + head) * form.queries + row + 8 * half] = top[half] + logf(total[half]);
        }
    }
    storeTensorRows<D>((bfloat16*) headOf(out, form.out, batch, head), form.out, first, form.queries, form.size, sums);
}

/** As attention_grad_queries in attention.cu; grid (tiles of queries, heads, batch). */
template <int D>
__global__ void __launch_bounds__(128) attention_tensor_grad_queries(bfloat16* dq, const bfloat16* dout, const bfloat16* q,
        const bfloat16* k, const bfloat16* v, const float* logSums, const float* delta, AttentionForm form,
        AttentionStrides dqStrides, AttentionStrides doutStrides) {
    DYNAMIC_SHARED(bfloat16, queries);
    bfloat16* gradients = queries + TILE * TensorPitch<D>::ELEMENTS;
    bfloat16* keys = gradients + TILE * TensorPitch<D>::ELEMENTS;
    bfloat16* values = keys + TILE * TensorPitch<D>::ELEMENTS;
    int batch = blockIdx.z, head = blockIdx.y;
    int first = (gridDim.x - 1 - blockIdx.x) * TILE;
    const bfloat16* keyHead = headOf(k, form.k, batch, head / form.groups);
    const bfloat16* valueHead = headOf(v, form.v, batch, head / form.groups);
    loadTensorTile<D>(queries, headOf(q, form.q, batch, head), form.q, first, form.queries, form.size);
    loadTensorTile<D>(gradients, headOf(dout, doutStrides, batch, head), doutStrides, first, form.queries, form.size);
    float sums[D / 8][4] = {}, logSum[2], own[2];
    int row = first + threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4, column = threadIdx.x % 4 * 2;
    long long row0 = ((long long) batch * form.heads + head) * form.queries;
#pragma unroll
    for (int half = 0; half < 2; half++) {
        bool inside = row + 8 * half < form.queries;
        logSum[half] = inside ? logSums[row0 + row + 8 * half] : 0;
        own[half] = inside ? delta[row0 + row + 8 * half] : 0;
    }
    int last = first + TILE < form.queries ? first + TILE - 1 : form.queries - 1;
    int end = visibleKeys(form, last);
    for (int firstKey = 0; firstKey < end; firstKey += TILE) {
        __syncthreads();  // keys and values before are read
        loadTensorTile<D>(keys, keyHead, form.k, firstKey, form.keys, form.size);
        loadTensorTile<D>(values, valueHead, form.v, firstKey, form.keys, form.size);
        __syncthreads();
        float scores[TILE / 8][4], gradient[TILE / 8][4];
        multiplyTensorRows<D>(scores, queries, keys);
        multiplyTensorRows<D>(gradient, gradients, values);
#pragma unroll
        for (int half = 0; half < 2; half++) {
            int visible = row + 8 * half < form.queries ? visibleKeys(form, row + 8 * half) : 0;
#pragma unroll
            for (int n = 0; n < TILE / 8; n++) {
#pragma unroll
                for (int j = 2 * half; j < 2 * half + 2; j++) {
                    bool seen = firstKey + n * 8 + column + j % 2 < visible;
                    scoreGradient(scores[n][j], gradient[n][j], seen, logSum[half], own[half], form.scale);
                }
            }
        }
        addTensorRows<D>(sums, gradient, keys);
    }
    storeTensorRows<D>((bfloat16*) headOf(dq, dqStrides, batch, head), dqStrides, first, form.queries, form.size, sums);
}

/**
 * As attention_grad_keys in attention.cu; grid (tiles of keys, heads of keys, batch). Rows of a warp are keys, so scores
 * are transposed: a lane's columns are queries.
 */
template <int D>
__global__ void __launch_bounds__(128) attention_tensor_grad_keys(bfloat16* dk, bfloat16* dv, const bfloat16* dout, const bfloat16* q,
        const bfloat16* k, const bfloat16* v, const float* logSums, const float* delta, AttentionForm form,
        AttentionStrides dkStrides, AttentionStrides dvStrides, AttentionStrides doutStrides) {
    DYNAMIC_SHARED(bfloat16, keys);
    bfloat16* values = keys + TILE * TensorPitch<D>::ELEMENTS;
    bfloat16* queries = values + TILE * TensorPitch<D>::ELEMENTS;
    bfloat16* gradients = queries + TILE * TensorPitch<D>::ELEMENTS;
    int batch = blockIdx.z, keyHead = blockIdx.y;
    int firstKey = blockIdx.x * TILE;
    loadTensorTile<D>(keys, headOf(k, form.k, batch, keyHead), form.k, firstKey, form.keys, form.size);
    loadTensorTile<D>(values, headOf(v, form.v, batch, keyHead), form.v, firstKey, form.keys, form.size);
    float keySums[D / 8][4] = {}, valueSums[D / 8][4] = {};
    int key = firstKey + threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4, column = threadIdx.x % 4 * 2;
    // The first query that sees the first key.
    int begin = form.causal ? firstKey - (form.keys - form.queries) : 0;
    begin = begin < 0 ? 0 : begin / TILE * TILE;
    for (int head = keyHead * form.groups; head < (keyHead + 1) * form.groups; head++) {
        long long row0 = ((long long) batch * form.heads + head) * form.queries;
        for (int first = begin; first < form.queries; first += TILE) {
            __syncthreads();  // queries and gradients before are read
            loadTensorTile<D>(queries, headOf(q, form.q, batch, head), form.q, first, form.queries, form.size);
            loadTensorTile<D>(gradients, headOf(dout, doutStrides, batch, head), doutStrides, first, form.queries, form.size);
            __syncthreads();
            float scores[TILE / 8][4], gradient[TILE / 8][4];
            multiplyTensorRows<D>(scores, keys, queries);
            multiplyTensorRows<D>(gradient, values, gradients);
#pragma unroll
            for (int n = 0; n < TILE / 8; n++) {
#pragma unroll
                for (int side = 0; side < 2; side++) {
                    int query = first + n * 8 + column + side;
                    bool inside = query < form.queries;
                    int visible = inside ? visibleKeys(form, query) : 0;
                    float logSum = inside ? logSums[row0 + query] : 0, own = inside ? delta[row0 + query] : 0;
#pragma unroll
                    for (int half = 0; half < 2; half++) {
                        int j = 2 * half + side;
                        scoreGradient(scores[n][j], gradient[n][j], key + 8 * half < visible, logSum, own, form.scale);
                    }
                }
            }
            addTensorRows<D>(valueSums, scores, gradients);
            addTensorRows<D>(keySums, gradient, queries);
        }
    }
    storeTensorRows<D>((bfloat16*) headOf(dk, dkStrides, batch, keyHead), dkStrides, firstKey, form.keys, form.size, keySums);
    storeTensorRows<D>((bfloat16*) headOf(dv, dvStrides, batch, keyHead), dvStrides, firstKey, form.keys, form.size, valueSums);
}
