// Scaled dot-product attention and its gradient without ever storing the probabilities, all arithmetic in float32.
//
// Forward: a block has BM queries of a head and goes through the keys, BN at a time, with an online softmax. What is
// kept for the gradient is one number a query: log(sum(exp(scores))). Backward: one kernel has queries and goes through
// the keys for dq; another has keys and goes through the queries for dk and dv. Scores are computed in both again; in
// turn nothing is added up across blocks, so results repeat bit by bit.
// Source: Dao 2023, "FlashAttention-2".
//
// Blocks (16, 16). D is the head size rounded up to 64, 128 or 256; what lies beyond the head size is zeros. Of a tile
// of scores [BM, BN], thread (x, y) has rows y RM + r and columns x + 16 c; of a tile of results [rows, D], it has as
// many rows and columns 4 x + 64 c .. + 4.
#include "attention.cuh"

/** Rows of shared memory are 4 floats longer than D, so that neighbouring rows begin in other banks. */
template <int D> struct Pitch { enum { FLOATS = D + 4 }; };

/** tile[r] = row first + r of a head, r below ROWS, as float32; zeros past the last row and the head size. */
template <int ROWS, int D, typename T>
__device__ __forceinline__ void loadTile(float* tile, const T* head, const AttentionStrides& strides, int first, int count, int size) {
    bool wide = isWide(head, strides, size);
    for (int i = threadIdx.y * 16 + threadIdx.x; i < ROWS * (D / 4); i += 256) {
        int row = i / (D / 4), column = i % (D / 4) * 4;
        bool inside = first + row < count;
        Pack<T, 4> in = loadPack<T, 4>(head + (inside ? first + row : 0) * strides.position, column, inside ? size : 0, wide);
        Pack<float, 4> out;
#pragma unroll
        for (int j = 0; j < 4; j++) out.at[j] = widen(in.at[j]);
        storePack(tile, row * Pitch<D>::FLOATS + column, ROWS * Pitch<D>::FLOATS, out, true);
    }
}

/** product[r][c] = the inner product of row y RM + r of a and row x + 16 c of b. */
template <int RM, int RN, int D>
__device__ __forceinline__ void multiplyTiles(float (&product)[RM][RN], const float* a, const float* b) {
#pragma unroll
    for (int r = 0; r < RM; r++)
#pragma unroll
        for (int c = 0; c < RN; c++) product[r][c] = 0;
#pragma unroll 4
    for (int d = 0; d < D; d += 4) {
        Pack<float, 4> left[RM], right[RN];
#pragma unroll
        for (int r = 0; r < RM; r++) left[r] = loadPack<float, 4>(a, (threadIdx.y * RM + r) * Pitch<D>::FLOATS + d, 1 << 30, true);
#pragma unroll
        for (int c = 0; c < RN; c++) right[c] = loadPack<float, 4>(b, (threadIdx.x + 16 * c) * Pitch<D>::FLOATS + d, 1 << 30, true);
#pragma unroll
        for (int r = 0; r < RM; r++)
#pragma unroll
            for (int c = 0; c < RN; c++)
#pragma unroll
                for (int j = 0; j < 4; j++) product[r][c] += left[r].at[j] * right[c].at[j];
    }
}

/** sums[r] += weights[i](y R + r) rows[i] over i below COUNT; weight(i, row) are in shared memory. */
template <int R, int COUNT, int D, bool TRANSPOSED, int PITCH>
__device__ __forceinline__ void addWeighted(float (&sums)[R][D / 16], const float* weights, const float* rows) {
#pragma unroll 4
    for (int i = 0; i < COUNT; i++) {
        float weight[R];
#pragma unroll
        for (int r = 0; r < R; r++) {
            int own = threadIdx.y * R + r;
            weight[r] = TRANSPOSED ? weights[i * PITCH + own] : weights[own * PITCH + i];
        }
#pragma unroll
        for (int c = 0; c < D / 64; c++) {
            Pack<float, 4> row = loadPack<float, 4>(rows, i * Pitch<D>::FLOATS + c * 64 + threadIdx.x * 4, 1 << 30, true);
#pragma unroll
            for (int r = 0; r < R; r++)
#pragma unroll
                for (int j = 0; j < 4; j++) sums[r][c * 4 + j] += weight[r] * row.at[j];
        }
    }
}

/** Writes rows first + y R + r of a head. */
template <int R, int D, typename T>
__device__ __forceinline__ void storeRows(T* head, const AttentionStrides& strides, int first, int count, int size, const float (&rows)[R][D / 16]) {
    bool wide = isWide(head, strides, size);
#pragma unroll
    for (int r = 0; r < R; r++) {
        int row = first + threadIdx.y * R + r;
        if (row >= count) continue;
#pragma unroll
        for (int c = 0; c < D / 64; c++) {
            Pack<T, 4> out;
#pragma unroll
            for (int j = 0; j < 4; j++) out.at[j] = Number<T>::narrow(rows[r][c * 4 + j]);
            storePack(head + row * strides.position, c * 64 + threadIdx.x * 4, size, out, wide);
        }
    }
}

/** out [batch, heads, queries, size], logSums [batch, heads, queries]; grid (tiles of queries, heads, batch). */
template <typename T, int D, int BM, int BN>
__global__ void __launch_bounds__(256) attention(T* out, float* logSums, const T* q, const T* k, const T* v, AttentionForm form) {
    enum { RM = BM / 16, RN = BN / 16, P = BN + 4 };
    DYNAMIC_SHARED(float, shared);
    float* queries = shared;
    float* other = queries + BM * Pitch<D>::FLOATS;  // keys, then values
    float* weights = other + BN * Pitch<D>::FLOATS;  // [BM, P]
    int batch = blockIdx.z, head = blockIdx.y;
    // The tiles that see the most keys come first, so that the last blocks to run are short ones.
    int first = (gridDim.x - 1 - blockIdx.x) * BM;
    const T* keyHead = headOf(k, form.k, batch, head / form.groups);
    const T* valueHead = headOf(v, form.v, batch, head / form.groups);
    loadTile<BM, D>(queries, headOf(q, form.q, batch, head), form.q, first, form.queries, form.size);
    float sums[RM][D / 16] = {}, top[RM], total[RM];
#pragma unroll
    for (int r = 0; r < RM; r++) top[r] = -infinity(), total[r] = 0;
    int last = first + BM < form.queries ? first + BM - 1 : form.queries - 1;
    int end = visibleKeys(form, last);
    for (int firstKey = 0; firstKey < end; firstKey += BN) {
        __syncthreads();  // the values before are read
        loadTile<BN, D>(other, keyHead, form.k, firstKey, form.keys, form.size);
        __syncthreads();
        float scores[RM][RN];
        multiplyTiles<RM, RN, D>(scores, queries, other);
#pragma unroll
        for (int r = 0; r < RM; r++) {
            int row = threadIdx.y * RM + r;
            int visible = visibleKeys(form, first + row);
            float largest = -infinity();
#pragma unroll
            for (int c = 0; c < RN; c++) {
                bool seen = firstKey + (int) threadIdx.x + 16 * c < visible;
                scores[r][c] = seen ? scores[r][c] * form.scale : -infinity();
                largest = Max()(largest, scores[r][c]);
            }
            float newTop = Max()(top[r], reduceLanes<16>(largest, Max()));
            float keep = expOrZero(top[r], newTop);
            float sum = 0;
#pragma unroll
            for (int c = 0; c < RN; c++) {
                float weight = expOrZero(scores[r][c], newTop);
                sum += weight;
                weights[row * P + threadIdx.x + 16 * c] = weight;
            }
            total[r] = total[r] * keep + reduceLanes<16>(sum, Sum());
            top[r] = newTop;
#pragma unroll
            for (int j = 0; j < D / 16; j++) sums[r][j] *= keep;
        }
        __syncthreads();  // the keys are read, the weights written
        loadTile<BN, D>(other, valueHead, form.v, firstKey, form.keys, form.size);
        __syncthreads();
        addWeighted<RM, BN, D, false, P>(sums, weights, other);
    }
#pragma unroll
    for (int r = 0; r < RM; r++) {
        float factor = 1 / total[r];
#pragma unroll
        for (int j = 0; j < D / 16; j++) sums[r][j] *= factor;
        int row = first + threadIdx.y * RM + r;
        if (threadIdx.x == 0 && row < form.queries) {
            logSums[((long long) batch * form.heads + head) * form.queries + row] = top[r] + logf(total[r]);
        }
    }
    storeRows<RM, D>((T*) headOf(out, form.out, batch, head), form.out, first, form.queries, form.size, sums);
}

/** delta [batch, heads, queries] = the inner products of rows of out and dout; a warp a row, grid (rows, heads, batch). */
template <typename T>
__global__ void attention_delta(float* delta, const T* out, const T* dout, AttentionForm form, AttentionStrides gradient) {
    int row = blockIdx.x * blockDim.y + threadIdx.y;
    if (row >= form.queries) return;
    const T* a = headOf(out, form.out, blockIdx.z, blockIdx.y) + row * form.out.position;
    const T* b = headOf(dout, gradient, blockIdx.z, blockIdx.y) + row * gradient.position;
    float sum = 0;
    for (int i = threadIdx.x; i < form.size; i += 32) sum += widen(a[i]) * widen(b[i]);
    sum = reduceLanes<32>(sum, Sum());
    if (threadIdx.x == 0) delta[((long long) blockIdx.z * form.heads + blockIdx.y) * form.queries + row] = sum;
}

/** dq, laid out as gradients.position says, like dout; grid (tiles of queries, heads, batch). */
template <typename T, int D, int BM, int BN>
__global__ void __launch_bounds__(256) attention_grad_queries(T* dq, const T* dout, const T* q, const T* k, const T* v,
        const float* logSums, const float* delta, AttentionForm form, AttentionStrides dqStrides, AttentionStrides doutStrides) {
    enum { RM = BM / 16, RN = BN / 16, P = BN + 4 };
    DYNAMIC_SHARED(float, shared);
    float* queries = shared;
    float* gradients = queries + BM * Pitch<D>::FLOATS;
    float* other = gradients + BM * Pitch<D>::FLOATS;  // values, then keys
    float* weights = other + BN * Pitch<D>::FLOATS;    // [BM, P]
    int batch = blockIdx.z, head = blockIdx.y;
    int first = (gridDim.x - 1 - blockIdx.x) * BM;
    const T* keyHead = headOf(k, form.k, batch, head / form.groups);
    const T* valueHead = headOf(v, form.v, batch, head / form.groups);
    loadTile<BM, D>(queries, headOf(q, form.q, batch, head), form.q, first, form.queries, form.size);
    loadTile<BM, D>(gradients, headOf(dout, doutStrides, batch, head), doutStrides, first, form.queries, form.size);
    float sums[RM][D / 16] = {}, logSum[RM], own[RM];
    long long row0 = ((long long) batch * form.heads + head) * form.queries;
#pragma unroll
    for (int r = 0; r < RM; r++) {
        int row = first + threadIdx.y * RM + r;
        logSum[r] = row < form.queries ? logSums[row0 + row] : 0;
        own[r] = row < form.queries ? delta[row0 + row] : 0;
    }
    int last = first + BM < form.queries ? first + BM - 1 : form.queries - 1;
    int end = visibleKeys(form, last);
    for (int firstKey = 0; firstKey < end; firstKey += BN) {
        __syncthreads();  // the keys before and the weights are read
        loadTile<BN, D>(other, valueHead, form.v, firstKey, form.keys, form.size);
        __syncthreads();
        float gradient[RM][RN], scores[RM][RN];
        multiplyTiles<RM, RN, D>(gradient, gradients, other);
        __syncthreads();  // the values are read
        loadTile<BN, D>(other, keyHead, form.k, firstKey, form.keys, form.size);
        __syncthreads();
        multiplyTiles<RM, RN, D>(scores, queries, other);
#pragma unroll
        for (int r = 0; r < RM; r++) {
            int row = threadIdx.y * RM + r;
            int visible = first + row < form.queries ? visibleKeys(form, first + row) : 0;
#pragma unroll
            for (int c = 0; c < RN; c++) {
                int column = threadIdx.x + 16 * c;
                scoreGradient(scores[r][c], gradient[r][c], firstKey + column < visible, logSum[r], own[r], form.scale);
                weights[row * P + column] = gradient[r][c];
            }
        }
        __syncthreads();
        addWeighted<RM, BN, D, false, P>(sums, weights, other);
    }
    storeRows<RM, D>((T*) headOf(dq, dqStrides, batch, head), dqStrides, first, form.queries, form.size, sums);
}

/** dk and dv; grid (tiles of keys, heads of keys, batch). A block goes through all heads that share its keys. */
template <typename T, int D, int BM, int BN>
__global__ void __launch_bounds__(256) attention_grad_keys(T* dk, T* dv, const T* dout, const T* q, const T* k, const T* v,
        const float* logSums, const float* delta, AttentionForm form, AttentionStrides dkStrides, AttentionStrides dvStrides,
        AttentionStrides doutStrides) {
    enum { RM = BM / 16, RN = BN / 16, P = BN + 4 };
    DYNAMIC_SHARED(float, shared);
    float* keys = shared;
    float* values = keys + BN * Pitch<D>::FLOATS;
    float* queries = values + BN * Pitch<D>::FLOATS;
    float* gradients = queries + BM * Pitch<D>::FLOATS;
    float* weights = gradients + BM * Pitch<D>::FLOATS;  // [BM, P]: probabilities, then gradients of scores
    int batch = blockIdx.z, keyHead = blockIdx.y;
    int firstKey = blockIdx.x * BN;  // the first keys are seen by most queries, so they are done first
    loadTile<BN, D>(keys, headOf(k, form.k, batch, keyHead), form.k, firstKey, form.keys, form.size);
    loadTile<BN, D>(values, headOf(v, form.v, batch, keyHead), form.v, firstKey, form.keys, form.size);
    float keySums[RN][D / 16] = {}, valueSums[RN][D / 16] = {};
    // The first query that sees the first key.
    int begin = form.causal ? firstKey - (form.keys - form.queries) : 0;
    begin = begin < 0 ? 0 : begin / BM * BM;
    for (int head = keyHead * form.groups; head < (keyHead + 1) * form.groups; head++) {
        long long row0 = ((long long) batch * form.heads + head) * form.queries;
        for (int first = begin; first < form.queries; first += BM) {
            __syncthreads();  // queries and weights of the round before are read
            loadTile<BM, D>(queries, headOf(q, form.q, batch, head), form.q, first, form.queries, form.size);
            loadTile<BM, D>(gradients, headOf(dout, doutStrides, batch, head), doutStrides, first, form.queries, form.size);
            __syncthreads();
            float gradient[RM][RN], scores[RM][RN];
            multiplyTiles<RM, RN, D>(scores, queries, keys);
            multiplyTiles<RM, RN, D>(gradient, gradients, values);
#pragma unroll
            for (int r = 0; r < RM; r++) {
                int row = threadIdx.y * RM + r;
                bool inside = first + row < form.queries;
                int visible = inside ? visibleKeys(form, first + row) : 0;
                float logSum = inside ? logSums[row0 + first + row] : 0, own = inside ? delta[row0 + first + row] : 0;
#pragma unroll
                for (int c = 0; c < RN; c++) {
                    int column = threadIdx.x + 16 * c;
                    scoreGradient(scores[r][c], gradient[r][c], firstKey + column < visible, logSum, own, form.scale);
                    weights[row * P + column] = scores[r][c];
                }
            }
            __syncthreads();
            addWeighted<RN, BM, D, true, P>(valueSums, weights, gradients);
            __syncthreads();  // the probabilities are read
#pragma unroll
            for (int r = 0; r < RM; r++)
#pragma unroll
                for (int c = 0; c < RN; c++) weights[(threadIdx.y * RM + r) * P + threadIdx.x + 16 * c] = gradient[r][c];
            __syncthreads();
            addWeighted<RN, BM, D, true, P>(keySums, weights, queries);
        }
    }
    storeRows<RN, D>((T*) headOf(dk, dkStrides, batch, keyHead), dkStrides, firstKey, form.keys, form.size, keySums);
    storeRows<RN, D>((T*) headOf(dv, dvStrides, batch, keyHead), dvStrides, firstKey, form.keys, form.size, valueSums);
}
