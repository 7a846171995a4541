package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.util.List;

/** Rows of a table by index; rows that a shard of the table does not hold are zeros, or are skipped. */
final class RowKernels {
    private RowKernels() {}

    static HostKernel gather(long firstRow, List<Buffer> operands, List<Buffer> results, Workers workers) {
        int width = Rows.width(operands.get(0).type());
        int tableRows = Rows.count(operands.get(0).type());
        ByteBuffer table = operands.get(0).hostBytes();
        IntBuffer indices = Rows.ints(operands.get(1));
        ByteBuffer out = results.get(0).hostBytes();
        int rowBytes = width * operands.get(0).type().dtype().bytes();
        byte[] zeros = new byte[rowBytes];
        int count = indices.capacity();
        return () -> Rows.forEachBlock(workers, count, width, (begin, end) -> {
            for (int i = begin; i < end; i++) {
                long row = indices.get(i) - firstRow;
                if (row >= 0 && row < tableRows) {
                    out.put(i * rowBytes, table, (int) row * rowBytes, rowBytes);
                } else {
                    out.put(i * rowBytes, zeros, 0, rowBytes);
                }
            }
        });
    }

    /** Each task owns some rows of the table and adds to them in the order of the indices. */
    static HostKernel scatterAdd(long firstRow, List<Buffer> operands, List<Buffer> results, Workers workers) {
        int width = Rows.width(results.get(0).type());
        int tableRows = Rows.count(results.get(0).type());
        IntBuffer indices = Rows.ints(operands.get(0));
        Floats rows = Floats.of(operands.get(1));
        Floats table = Floats.of(results.get(0));
        int count = indices.capacity();
        int numTasks = Math.min(tableRows, 4 * workers.numThreads());
        return () -> workers.run(numTasks, task -> {
            int begin = (int) ((long) tableRows * task / numTasks);
            int end = (int) ((long) tableRows * (task + 1) / numTasks);
            Tile tile = Tile.ofLength(width);
            java.util.Arrays.fill(tile.a, 0, width, 0);
            for (int row = begin; row < end; row++) {
                table.put(row * width, tile.a, 0, width);
            }
            for (int i = 0; i < count; i++) {
                long row = indices.get(i) - firstRow;
                if (row >= begin && row < end) {
                    int position = (int) row * width;
                    table.get(position, tile.a, 0, width);
                    rows.get(i * width, tile.b, 0, width);
                    RowMath.accumulate(tile.b, tile.a, width);
                    table.put(position, tile.a, 0, width);
                }
            }
        });
    }
}
