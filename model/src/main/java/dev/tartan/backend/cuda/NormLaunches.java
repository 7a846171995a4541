package dev.tartan.backend.cuda;

import static dev.tartan.backend.cuda.CudaSource.NORM;

import dev.tartan.backend.Arena;
import dev.tartan.backend.cuda.Launch.Extent;
import dev.tartan.graph.Op;
import dev.tartan.graph.Reduction;
import dev.tartan.mesh.Shape;
import dev.tartan.op.LayerNorm;
import dev.tartan.op.LayerNormGrad;
import dev.tartan.op.RmsNorm;
import dev.tartan.op.RmsNormGrad;
import java.util.ArrayList;
import java.util.List;

/** Layer norm, RMS norm and their gradients; see {@code norm.cu}. */
final class NormLaunches {
    private NormLaunches() {}

    static List<Launch> layerNorm(LayerNorm op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor x = operands.get(0);
        Rows rows = Rows.of(x.type(), x.width());
        return List.of(new Launch(
                KernelName.of(NORM, "layer_norm", x.type(), results.get(1).type()),
                rows.grid(x.rows()),
                rows.block(),
                0,
                KernelArguments.builder()
                        .pointers(results.get(0), results.get(1), results.get(2))
                        .pointers(x, operands.get(1), operands.get(2))
                        .int64(x.rows())
                        .int64(x.width())
                        .float32(op.epsilon())
                        .build()));
    }

    static List<Launch> rmsNorm(RmsNorm op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor x = operands.get(0);
        Rows rows = Rows.of(x.type(), x.width());
        return List.of(new Launch(
                KernelName.of(NORM, "rms_norm", x.type(), results.get(1).type()),
                rows.grid(x.rows()),
                rows.block(),
                0,
                KernelArguments.builder()
                        .pointers(results.get(0), results.get(1), x, operands.get(1))
                        .int64(x.rows())
                        .int64(x.width())
                        .float32(op.epsilon())
                        .build()));
    }

    /** Of {@link LayerNormGrad}: operands dy, x, gamma, mean, rstd, results dx, dgamma, dbeta. */
    static OpLaunches<LayerNormGrad> layerNormGrad() {
        return new Gradient<>(true);
    }

    /** Of {@link RmsNormGrad}: operands dy, x, gamma, rstd, results dx, dgamma. */
    static OpLaunches<RmsNormGrad> rmsNormGrad() {
        return new Gradient<>(false);
    }

    private static final class Gradient<O extends Op> implements OpLaunches<O> {
        /** Blocks that add up sums of their own: two a multiprocessor of the largest device. */
        private static final int MAX_BLOCKS = 264;

        private final boolean hasMean;

        Gradient(boolean hasMean) {
            this.hasMean = hasMean;
        }

        /** What each row of threads of the grid adds up: dgamma and dbeta, side by side. */
        private DeviceTensor sums(DeviceTensor x, long address) {
            Rows rows = threads(x);
            return new DeviceTensor(CudaType.FLOAT32, Shape.shape((long) blocks(x) * rows.rows(), perRow(x)), address);
        }

        private long perRow(DeviceTensor x) {
            return hasMean ? 2 * x.width() : x.width();
        }

        /** Short rows by a warp each; but not more of them a block than have their sums in shared memory. */
        private Rows threads(DeviceTensor x) {
            Rows rows = Rows.of(x.type(), x.width());
            long fit = Launch.PLAIN_SHARED_BYTES / (perRow(x) * Float.BYTES);
            return new Rows(rows.threads(), (int) Math.max(1, Math.min(rows.rows(), fit)));
        }

        private int blocks(DeviceTensor x) {
            return (int)
                    Math.min(MAX_BLOCKS, Launch.ceilDiv(x.rows(), threads(x).rows()));
        }

        @Override
        public long scratchBytes(O op, List<DeviceTensor> operands) {
            DeviceTensor x = operands.get(1);
            DeviceTensor sums = sums(x, 0);
            long bytes = Arena.aligned(sums.count() * Float.BYTES);
            if (hasMean) {
                bytes += Arena.aligned(perRow(x) * Float.BYTES);
            }
            return bytes + columnScratch(sums);
        }

        private static long columnScratch(DeviceTensor sums) {
            return new ReduceLaunches().scratchBytes(reduceRows(), List.of(sums));
        }

        private static dev.tartan.op.Reduce reduceRows() {
            return new dev.tartan.op.Reduce(Reduction.SUM, List.of(0));
        }

        @Override
        public List<Launch> launches(O op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
            DeviceTensor x = operands.get(1);
            DeviceTensor sums = sums(x, scratch);
            Rows rows = threads(x);
            long sharedBytes = perRow(x) * Float.BYTES * rows.rows();
            boolean shared = sharedBytes <= Launch.PLAIN_SHARED_BYTES;
            KernelArguments.Builder arguments = KernelArguments.builder()
                    .pointers(results.get(0), sums, operands.get(0), x, operands.get(2), operands.get(3));
            if (hasMean) {
                arguments.pointers(operands.get(4));
            }
            List<Launch> launches = new ArrayList<>();
            launches.add(new Launch(
                    KernelName.of(
                            NORM,
                            hasMean ? "layer_norm_grad" : "rms_norm_grad",
                            x.type(),
                            operands.get(3).type()),
                    new Extent(blocks(x)),
                    rows.block(),
                    shared ? (int) sharedBytes : 0,
                    arguments.int64(x.rows()).int64(x.width()).flag(shared).build()));
            long rest = scratch + Arena.aligned(sums.count() * Float.BYTES);
            if (!hasMean) {
                launches.addAll(ReduceLaunches.sumRows(sums, results.get(1), rest));
                return launches;
            }
            DeviceTensor both = new DeviceTensor(CudaType.FLOAT32, Shape.shape(perRow(x)), rest);
            rest += Arena.aligned(perRow(x) * Float.BYTES);
            launches.addAll(ReduceLaunches.sumRows(sums, both, rest));
            for (int i = 0; i < 2; i++) {
                DeviceTensor half = new DeviceTensor(
                        CudaType.FLOAT32, Shape.shape(x.width()), both.address() + i * x.width() * Float.BYTES);
                launches.add(ElementwiseLaunches.cast(half, results.get(1 + i)));
            }
            return launches;
        }
    }

    /** All kernels that these launches may name. */
    static List<KernelName> kernels() {
        List<KernelName> all = new ArrayList<>();
        for (CudaType type : CudaType.COMPUTED) {
            for (CudaType kept : List.of(CudaType.FLOAT32, type)) {
                for (String template : List.of("layer_norm", "rms_norm", "layer_norm_grad", "rms_norm_grad")) {
                    all.add(KernelName.of(NORM, template, type, kept));
                }
            }
        }
        return all;
    }
}
