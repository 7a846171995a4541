// Rows of a table by index, and the transpose: rows added into a table.
#include "common.cuh"

/**
 * out[i] = table[indices[i] - firstRow], or zeros where the table has no such row. U is unsigned, of the size of an
 * element or of as many as divide a row; width counts in U.
 */
template <typename U>
__global__ void gather_rows(U* out, const U* table, const int* indices, long long count, long long width,
        long long firstRow, long long tableRows) {
    long long total = count * width;
    for (long long i = (long long) blockIdx.x * blockDim.x + threadIdx.x; i < total; i += (long long) gridDim.x * blockDim.x) {
        long long row = indices[i / width] - firstRow;
        out[i] = row >= 0 && row < tableRows ? table[row * width + i % width] : U();
    }
}

/**
 * table[r] = the sum of rows[i] over all i with indices[i] - firstRow = r, added in the order of i, so that results
 * repeat bit by bit. A warp has some rows of the table and a stripe of columns, whose sums are in shared memory; it
 * looks at all indices, 32 at a time. Blocks (32, warps), grid (groups of rows, stripes).
 */
template <typename T, int ROWS, int COLUMNS>
__global__ void scatter_add_rows(T* table, const int* indices, const T* rows, long long count, long long width,
        long long firstRow, long long tableRows) {
    enum { PER_LANE = COLUMNS / 32 };
    DYNAMIC_SHARED(float, shared);
    float* sums = shared + threadIdx.y * (ROWS * COLUMNS);
    long long tableRow = ((long long) blockIdx.x * blockDim.y + threadIdx.y) * ROWS;
    int lane = threadIdx.x;
    long long column = (long long) blockIdx.y * COLUMNS + lane * PER_LANE;
    for (int r = 0; r < ROWS; r++) {
#pragma unroll
        for (int j = 0; j < PER_LANE; j++) sums[r * COLUMNS + lane * PER_LANE + j] = 0;
    }
    bool wide = width % PER_LANE == 0 && aligned<T, PER_LANE>(rows) && aligned<T, PER_LANE>(table);
    for (long long first = 0; first < count; first += 32) {
        long long own = first + lane < count ? indices[first + lane] - firstRow - tableRow : -1;
        unsigned hits = __ballot_sync(ALL_LANES, own >= 0 && own < ROWS);
        while (hits != 0) {
            int source = __ffs(hits) - 1;
            hits &= hits - 1;
            int r = __shfl_sync(ALL_LANES, (int) own, source);
            if (column < width) {
                // Each lane has its columns, so none waits for another.
                Pack<T, PER_LANE> pack =
                        loadPack<T, PER_LANE>(rows + (first + source) * width, column, width, wide);
                float* to = sums + r * COLUMNS + lane * PER_LANE;
#pragma unroll
                for (int j = 0; j < PER_LANE; j++) to[j] += widen(pack.at[j]);
            }
        }
    }
    for (int r = 0; r < ROWS && tableRow + r < tableRows && column < width; r++) {
        Pack<T, PER_LANE> pack;
#pragma unroll
        for (int j = 0; j < PER_LANE; j++) pack.at[j] = Number<T>::narrow(sums[r * COLUMNS + lane * PER_LANE + j]);
        storePack(table + (tableRow + r) * width, column, width, pack, wide);
    }
}
