package dev.tartan.backend.cuda;

import static dev.tartan.backend.cuda.CudaSource.ATTENTION;
import static dev.tartan.backend.cuda.CudaSource.ATTENTION_TENSOR;

import dev.tartan.backend.cuda.Launch.Extent;
import java.util.ArrayList;
import java.util.List;

/**
 * The three kernels of attention for some head sizes and what a block of each has.
 *
 * @param forward gives the results; a block has {@code tiles[0]} queries
 * @param gradQueries gives dq; a block has {@code tiles[1]} queries
 * @param gradKeys gives dk and dv; a block has {@code tiles[2]} keys
 * @param sharedBytes dynamic shared memory of each
 */
record AttentionKernels(
        KernelName forward,
        KernelName gradQueries,
        KernelName gradKeys,
        Extent block,
        List<Integer> tiles,
        List<Integer> sharedBytes) {
    /** What multiplies matrices. */
    enum Cores {
        /** Ordinary arithmetic in float32, on all devices. */
        SCALAR,
        /** Tensor cores: bfloat16, head sizes up to 128, compute capability 8.0 and later. */
        TENSOR
    }

    /** The largest head size of ordinary kernels, and of those on tensor cores. */
    static final int MAX_SIZE = 256;

    static final int MAX_TENSOR_SIZE = 128;

    private static final int SIDE = 16;
    private static final int TENSOR_THREADS = 128;
    private static final int TENSOR_TILE = 64;

    AttentionKernels {
        tiles = List.copyOf(tiles);
        sharedBytes = List.copyOf(sharedBytes);
    }

    /**
     * The kernels for a type and head size.
     *
     * @throws IllegalArgumentException if there are none
     */
    static AttentionKernels of(Cores cores, CudaType type, int size) {
        boolean fits = cores == Cores.SCALAR ? size <= MAX_SIZE : size <= MAX_TENSOR_SIZE && type == CudaType.BFLOAT16;
        if (!fits) {
            throw new IllegalArgumentException("no attention kernels for these heads: size=" + size + ", type=" + type
                    + ", cores=" + cores + ", sizeAtMost=" + MAX_SIZE + ", on tensor cores bfloat16 and sizeAtMost="
                    + MAX_TENSOR_SIZE + ". Use more heads or other cores.");
        }
        return candidates(cores, type).get(size <= 64 ? 0 : size <= 128 ? 1 : 2);
    }

    /** For head sizes up to 64, 128 and, without tensor cores, 256. */
    private static List<AttentionKernels> candidates(Cores cores, CudaType type) {
        // Up to 128 the shared memory fits in the 64 KiB that a block can have from compute capability 7.5 on; the
        // gradient of larger heads takes 66.3 KiB, that on tensor cores 68 KiB, which 8.0 and later have.
        return cores == Cores.TENSOR
                ? List.of(tensor(64), tensor(MAX_TENSOR_SIZE))
                : List.of(
                        scalar(type, 64, 64, 64, 64, 32, 32, 64),
                        scalar(type, 128, 64, 32, 32, 32, 16, 32),
                        scalar(type, MAX_SIZE, 32, 16, 16, 16, 16, 16));
    }

    /** Pairs of numbers are the rows of queries and of keys that a block has in shared memory. */
    private static AttentionKernels scalar(
            CudaType type, int d, int queries, int keys, int gradQ, int gradQKeys, int gradKQueries, int gradK) {
        return new AttentionKernels(
                KernelName.of(ATTENTION, "attention", type, d, queries, keys),
                KernelName.of(ATTENTION, "attention_grad_queries", type, d, gradQ, gradQKeys),
                KernelName.of(ATTENTION, "attention_grad_keys", type, d, gradKQueries, gradK),
                new Extent(SIDE, SIDE),
                List.of(queries, gradQ, gradK),
                List.of(
                        scalarBytes(d, queries + keys, queries, keys),
                        scalarBytes(d, 2 * gradQ + gradQKeys, gradQ, gradQKeys),
                        scalarBytes(d, 2 * (gradK + gradKQueries), gradKQueries, gradK)));
    }

    private static int scalarBytes(int d, int rows, int weightRows, int weightColumns) {
        int padding = 4;
        return (rows * (d + padding) + weightRows * (weightColumns + padding)) * Float.BYTES;
    }

    private static AttentionKernels tensor(int d) {
        int padding = 8;
        int tileBytes = TENSOR_TILE * (d + padding) * Short.BYTES;
        return new AttentionKernels(
                KernelName.of(ATTENTION_TENSOR, "attention_tensor", d),
                KernelName.of(ATTENTION_TENSOR, "attention_tensor_grad_queries", d),
                KernelName.of(ATTENTION_TENSOR, "attention_tensor_grad_keys", d),
                new Extent(TENSOR_THREADS),
                List.of(TENSOR_TILE, TENSOR_TILE, TENSOR_TILE),
                List.of(3 * tileBytes, 4 * tileBytes, 4 * tileBytes));
    }

    /** All kernels that these may name. */
    static List<KernelName> kernels() {
        List<AttentionKernels> all = new ArrayList<>(candidates(Cores.TENSOR, CudaType.BFLOAT16));
        CudaType.COMPUTED.forEach(type -> all.addAll(candidates(Cores.SCALAR, type)));
        List<KernelName> names = new ArrayList<>();
        all.forEach(one -> names.addAll(List.of(one.forward, one.gradQueries, one.gradKeys)));
        return names;
    }
}
