package dev.tartan.backend.cuda;

import static dev.tartan.backend.cuda.CudaSource.EMBEDDING;

import dev.tartan.backend.cuda.Launch.Extent;
import dev.tartan.op.GatherRows;
import dev.tartan.op.ScatterAddRows;
import java.util.ArrayList;
import java.util.List;

/** Rows of a table by index; see {@code embedding.cu}. */
final class EmbeddingLaunches {
    /** Rows of a table whose sums a warp has in shared memory; likewise the columns. */
    private static final int ROWS = 32;

    private static final int COLUMNS = 128;

    /** Warps of a block, so that the sums of all fit in the shared memory of every device. */
    private static final int WARPS = 2;

    private EmbeddingLaunches() {}

    static List<Launch> gather(GatherRows op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor table = operands.get(0);
        DeviceTensor indices = operands.get(1);
        DeviceTensor z = results.get(0);
        long rowBytes = table.width() * table.type().bytes();
        int bytes = CopyLaunches.commonBytes(table.type(), List.of(rowBytes, table.address(), z.address()));
        long width = rowBytes / bytes;
        return List.of(Launch.flat(
                KernelName.of(EMBEDDING, "gather_rows", CudaType.unsigned(bytes)),
                indices.count() * width,
                1,
                KernelArguments.builder()
                        .pointers(z, table, indices)
                        .int64(indices.count())
                        .int64(width)
                        .int64(op.offset().start())
                        .int64(table.rows())));
    }

    static List<Launch> scatterAdd(
            ScatterAddRows op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor table = results.get(0);
        DeviceTensor indices = operands.get(0);
        return List.of(new Launch(
                KernelName.of(EMBEDDING, "scatter_add_rows", table.type(), ROWS, COLUMNS),
                new Extent(
                        Math.toIntExact(Launch.ceilDiv(table.rows(), (long) ROWS * WARPS)),
                        Math.toIntExact(Launch.ceilDiv(table.width(), COLUMNS))),
                new Extent(Launch.WARP, WARPS),
                WARPS * ROWS * COLUMNS * Float.BYTES,
                KernelArguments.builder()
                        .pointers(table, indices, operands.get(1))
                        .int64(indices.count())
                        .int64(table.width())
                        .int64(op.offset().start())
                        .int64(table.rows())
                        .build()));
    }

    /** All kernels that these launches may name. */
    static List<KernelName> kernels() {
        List<KernelName> all = new ArrayList<>();
        for (int bytes : List.of(2, 4, 8, 16)) {
            all.add(KernelName.of(EMBEDDING, "gather_rows", CudaType.unsigned(bytes)));
        }
        for (CudaType type : CudaType.COMPUTED) {
            all.add(KernelName.of(EMBEDDING, "scatter_add_rows", type, ROWS, COLUMNS));
        }
        return all;
    }
}
