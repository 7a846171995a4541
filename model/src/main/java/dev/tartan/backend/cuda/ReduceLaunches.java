package dev.tartan.backend.cuda;

import static dev.tartan.backend.cuda.CudaSource.REDUCE;

import dev.tartan.backend.Arena;
import dev.tartan.backend.ReduceForm;
import dev.tartan.backend.cuda.Launch.Extent;
import dev.tartan.graph.Reduction;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Reduce;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Reductions, as passes that each remove one run of neighbouring dims, from the last one on. A pass over rows or
 * columns too few or too long to fill a device is cut into parts, and another pass combines these. Between passes
 * values are in the type computed with.
 */
final class ReduceLaunches implements OpLaunches<Reduce> {
    /** Elements of a row or column that a block goes through at least, before it is cut. */
    private static final int SHORTEST_PART = 1024;

    /** Blocks that fill a device, two waves of the largest there are. */
    private static final int ENOUGH_BLOCKS = 264;

    private static final int COLUMN_THREADS = 8;
    private static final int MAX_GRID = 65535;
    private static final String PLAIN = "Identity";

    /** What one pass does: x [outer, height, width] loses the height; the width is 1 for rows. */
    private record Pass(long outer, long height, long width, long parts) {}

    @Override
    public long scratchBytes(Reduce op, List<DeviceTensor> operands) {
        return scratchBytes(operands.get(0), op.dims());
    }

    /** Scratch memory of {@link #sumRows}. */
    static long sumRowsScratchBytes(DeviceTensor x) {
        return scratchBytes(x, List.of(0));
    }

    private static long scratchBytes(DeviceTensor x, List<Integer> dims) {
        long bytes = 0;
        for (Pass pass : passes(x, dims)) {
            bytes += Arena.aligned(pass.outer * pass.parts * pass.width * Double.BYTES);
        }
        return bytes;
    }

    @Override
    public List<Launch> launches(Reduce op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        return reduce(op.kind(), PLAIN, operands.get(0), op.dims(), results.get(0), scratch);
    }

    /** As {@link #launches}; each element is changed by a functor first. */
    private static List<Launch> reduce(
            Reduction kind, String change, DeviceTensor x, List<Integer> dims, DeviceTensor z, long scratch) {
        List<Pass> passes = passes(x, dims);
        if (passes.isEmpty()) {
            passes = List.of(new Pass(x.count(), 1, 1, 1));
        }
        List<Launch> launches = new ArrayList<>();
        DeviceTensor from = x;
        long place = scratch;
        for (int i = 0; i < passes.size(); i++) {
            Pass pass = passes.get(i);
            boolean isLast = i == passes.size() - 1;
            long count = pass.outer * pass.parts * pass.width;
            DeviceTensor to = isLast ? z : new DeviceTensor(computed(x.type()), Shape.shape(count), place);
            String functor = i == 0 ? change : PLAIN;
            launches.add(
                    pass.width == 1 ? rows(kind, functor, from, pass, to) : columns(kind, functor, from, pass, to));
            place += Arena.aligned(count * Double.BYTES);
            from = to;
        }
        return launches;
    }

    /**
     * z = the sum of the squares of all elements of x, for the norm of gradients; {@code z} is float32, scratch as for
     * an op that sums up all of x.
     */
    static List<Launch> sumOfSquares(DeviceTensor x, DeviceTensor z, long scratch) {
        List<Integer> dims = IntStream.range(0, x.shape().numDims()).boxed().toList();
        return reduce(Reduction.SUM, "Square", x, dims, z, scratch);
    }

    /** z [width] = the sum over the first dim of x [height, width]; scratch as for the op. */
    static List<Launch> sumRows(DeviceTensor x, DeviceTensor z, long scratch) {
        return reduce(Reduction.SUM, PLAIN, x, List.of(0), z, scratch);
    }

    private static List<Pass> passes(DeviceTensor x, List<Integer> dims) {
        ReduceForm form = ReduceForm.of(x.shape(), dims);
        List<Pass> passes = new ArrayList<>();
        long width = 1;
        for (int d = form.sizes().size() - 1; d >= 0; d--) {
            long size = form.sizes().get(d);
            if (!form.reduced().get(d)) {
                width *= size;
                continue;
            }
            long outer = form.sizes().subList(0, d).stream()
                    .mapToLong(Long::longValue)
                    .reduce(1, (a, b) -> a * b);
            CudaType type = passes.isEmpty() ? x.type() : computed(x.type());
            long blocks = outer * (width == 1 ? 1 : Launch.ceilDiv(width, (long) Launch.WARP * type.packElements()));
            long parts = Math.min(Launch.ceilDiv(size, SHORTEST_PART), Math.max(1, ENOUGH_BLOCKS / blocks));
            if (parts > 1) {
                passes.add(new Pass(outer, size, width, parts));
                passes.add(new Pass(outer, parts, width, 1));
            } else {
                passes.add(new Pass(outer, size, width, 1));
            }
        }
        return passes;
    }

    private static CudaType computed(CudaType type) {
        return type == CudaType.FLOAT64 ? type : CudaType.FLOAT32;
    }

    private static Launch rows(Reduction kind, String change, DeviceTensor x, Pass pass, DeviceTensor z) {
        int n = x.type().packElements();
        // Parts begin at whole packs.
        long partHeight = Launch.ceilDiv(Launch.ceilDiv(pass.height, pass.parts), n) * n;
        Rows rows = Rows.of(x.type(), partHeight);
        return new Launch(
                KernelName.of(REDUCE, "reduce_rows", x.type(), z.type(), KernelName.functor(kind), change),
                new Extent(rows.grid(pass.outer).x(), (int) pass.parts),
                rows.block(),
                0,
                KernelArguments.builder()
                        .pointers(z, x)
                        .int64(pass.outer)
                        .int64(pass.height)
                        .int64(partHeight)
                        .build());
    }

    private static Launch columns(Reduction kind, String change, DeviceTensor x, Pass pass, DeviceTensor z) {
        long across = Launch.ceilDiv(pass.width, (long) Launch.WARP * x.type().packElements());
        return new Launch(
                KernelName.of(REDUCE, "reduce_columns", x.type(), z.type(), KernelName.functor(kind), change),
                new Extent(Math.toIntExact(across), (int) pass.parts, (int) Math.min(pass.outer, MAX_GRID)),
                new Extent(Launch.WARP, COLUMN_THREADS),
                0,
                KernelArguments.builder()
                        .pointers(z, x)
                        .int64(pass.outer)
                        .int64(pass.height)
                        .int64(pass.width)
                        .int64(Launch.ceilDiv(pass.height, pass.parts))
                        .build());
    }

    /** All kernels that these launches may name. */
    static List<KernelName> kernels() {
        List<KernelName> all = new ArrayList<>();
        for (CudaType type : List.of(CudaType.FLOAT32, CudaType.BFLOAT16, CudaType.FLOAT64)) {
            for (Reduction kind : Reduction.values()) {
                for (CudaType result : List.of(type, computed(type))) {
                    for (String template : List.of("reduce_rows", "reduce_columns")) {
                        all.add(KernelName.of(REDUCE, template, type, result, KernelName.functor(kind), PLAIN));
                        all.add(KernelName.of(REDUCE, template, computed(type), type, KernelName.functor(kind), PLAIN));
                    }
                }
            }
        }
        for (CudaType type : CudaType.COMPUTED) {
            all.add(KernelName.of(REDUCE, "reduce_rows", type, CudaType.FLOAT32, "Sum", "Square"));
        }
        return all;
    }
}
