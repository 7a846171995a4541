package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.KernelFactory;
import dev.tartan.backend.ReduceForm;
import dev.tartan.backend.Scratch;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Reduce;
import java.util.Arrays;
import java.util.List;

/**
 * Sums over leading, trailing or all dims and maxima over trailing ones, in float32. Sums are added up in groups, so
 * that the rounding error does not grow with the number of elements.
 */
final class ReduceKernels implements KernelFactory<Reduce> {
    private static final int COLUMNS_PER_TASK = 128;
    private static final int ROWS_PER_GROUP = 32;
    private static final int TILE_ELEMENTS = 2048;
    private static final int TILES_PER_TASK = 16;
    private static final int LONGEST_ROW = 1 << 16;

    private final Workers workers;

    ReduceKernels(Workers workers) {
        this.workers = workers;
    }

    @Override
    public boolean accepts(Reduce op, List<TensorType> operands) {
        TensorType type = operands.get(0);
        boolean fits =
                Floats.accepts(type.dtype()) && type.shape().numElements() > 0 && type.bytes() <= Integer.MAX_VALUE;
        if (!fits) {
            return false;
        }
        ReduceForm form = ReduceForm.of(type.shape(), op.dims());
        boolean sums = op.kind() == Reduction.SUM;
        return switch (Kind.of(form)) {
            case ALL, LEADING -> sums;
            case TRAILING -> op.kind() != Reduction.MIN && form.sizes().get(1) <= LONGEST_ROW;
            case OTHER -> false;
        };
    }

    @Override
    public boolean takesHalves() {
        return true;
    }

    @Override
    public HostKernel bind(Reduce op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        Floats x = Floats.of(operands.get(0));
        Floats z = Floats.of(results.get(0));
        ReduceForm form = ReduceForm.of(operands.get(0).type().shape(), op.dims());
        Kind kind = Kind.of(form);
        if (kind == Kind.ALL) {
            return sumAll(workers, false, x, z);
        }
        int rows = Math.toIntExact(form.sizes().get(0));
        int columns = Math.toIntExact(form.sizes().get(1));
        return kind == Kind.LEADING
                ? sumRows(x, z, rows, columns)
                : reduceColumns(op.kind() == Reduction.SUM, x, z, rows, columns);
    }

    /** Which of the (merged) dims are reduced. */
    private enum Kind {
        ALL,
        LEADING,
        TRAILING,
        OTHER;

        static Kind of(ReduceForm form) {
            List<Boolean> reduced = form.reduced();
            if (reduced.equals(List.of(true))) {
                return ALL;
            }
            if (reduced.equals(List.of(true, false))) {
                return LEADING;
            }
            return reduced.equals(List.of(false, true)) ? TRAILING : OTHER;
        }
    }

    /** The sum of all elements, or of their squares: the same bits as squares in memory give. */
    static HostKernel sumAll(Workers workers, boolean squares, Floats x, Floats z) {
        int numElements = x.capacity();
        int taskElements = TILE_ELEMENTS * TILES_PER_TASK;
        int numTasks = (numElements + taskElements - 1) / taskElements;
        float[] parts = new float[numTasks];
        return () -> {
            workers.run(numTasks, task -> {
                Tile tile = Tile.ofLength(TILE_ELEMENTS);
                Arrays.fill(tile.b, 0, TILE_ELEMENTS, 0);
                int end = Math.min(numElements, (task + 1) * taskElements);
                for (int start = task * taskElements; start < end; start += TILE_ELEMENTS) {
                    int n = Math.min(TILE_ELEMENTS, end - start);
                    x.get(start, tile.a, 0, n);
                    if (squares) {
                        RowMath.accumulateSquares(tile.a, tile.b, n);
                    } else {
                        RowMath.accumulate(tile.a, tile.b, n);
                    }
                }
                parts[task] = RowMath.sum(tile.b, tile.b, TILE_ELEMENTS);
            });
            double sum = 0;
            for (float part : parts) {
                sum += part;
            }
            z.put(0, (float) sum);
        };
    }

    /** z[j] = sum over i of x[i, j]; each task owns some columns. */
    private HostKernel sumRows(Floats x, Floats z, int rows, int columns) {
        int numTasks = (columns + COLUMNS_PER_TASK - 1) / COLUMNS_PER_TASK;
        return () -> workers.run(numTasks, task -> {
            int begin = task * COLUMNS_PER_TASK;
            int n = Math.min(COLUMNS_PER_TASK, columns - begin);
            Tile tile = Tile.ofLength(COLUMNS_PER_TASK);
            Arrays.fill(tile.c, 0, n, 0);
            for (int group = 0; group < rows; group += ROWS_PER_GROUP) {
                Arrays.fill(tile.b, 0, n, 0);
                for (int row = group; row < Math.min(rows, group + ROWS_PER_GROUP); row++) {
                    x.get(row * columns + begin, tile.a, 0, n);
                    RowMath.accumulate(tile.a, tile.b, n);
                }
                RowMath.accumulate(tile.b, tile.c, n);
            }
            z.put(begin, tile.c, 0, n);
        });
    }

    private HostKernel reduceColumns(boolean sum, Floats x, Floats z, int rows, int columns) {
        return () -> Rows.forEachBlock(workers, rows, columns, (begin, end) -> {
            Tile tile = Tile.ofLength(columns);
            for (int row = begin; row < end; row++) {
                x.get(row * columns, tile.a, 0, columns);
                z.put(row, sum ? RowMath.sum(tile.a, tile.b, columns) : RowMath.max(tile.a, tile.b, columns));
            }
        });
    }
}
