package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.KernelFactory;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.backend.host.HostSequence;
import dev.tartan.backend.host.ImageColumns;
import dev.tartan.backend.host.PositionBlock;
import dev.tartan.backend.host.PositionColumns;
import dev.tartan.backend.host.RowSum;
import dev.tartan.backend.host.WindowedImages;
import dev.tartan.backend.host.Workers;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Conv2d;
import dev.tartan.op.Conv2dFilterGrad;
import dev.tartan.op.ConvTranspose2d;
import dev.tartan.op.Window2d;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Float32 convolutions on the CPU as matrix products, some hundred positions at a time: their columns stay in cache
 * between the copy that makes them and the product, which is a dense oneDNN one. Several threads work on blocks of
 * their own. Which numbers are added in which order depends on the sizes alone.
 *
 * <p>Windows of one element are left to {@link ConvKernels}, because images are their own columns then.
 */
final class ConvBlockKernels {
    /** Blocks that may be worked on at once; each needs memory for its columns. */
    private static final int MAX_LANES = 16;

    /** Blocks of the filters' gradient that are worked on at once however large the filters are. */
    private static final int MIN_GRADIENT_LANES = 4;

    /** All lanes' gradients of the filters together have no more elements than this unless they must. */
    private static final int GRADIENT_ELEMENTS = 1 << 22;

    /** Columns of a block have about as many elements as the second level of a cache holds. */
    private static final int BLOCK_ELEMENTS = 1 << 19;

    /** What a Java buffer can hold: the lanes' gradients of the filters, and a block's columns. */
    private static final int MAX_FILTER_BYTES = Integer.MAX_VALUE / MIN_GRADIENT_LANES;

    private static final int MAX_COLUMN_ROWS = 1 << 20;

    private static final int MIN_POSITIONS = 128;
    private static final int MAX_POSITIONS = 512;

    private ConvBlockKernels() {}

    private static boolean accepts(Window2d window, TensorType x, TensorType filters, TensorType y) {
        boolean isLarge = filters.bytes() > MAX_FILTER_BYTES
                || x.shape().dim(1) * window.numElements() > MAX_COLUMN_ROWS
                || Math.max(x.bytes(), y.bytes()) > Integer.MAX_VALUE;
        return !window.isPointwise()
                && !isLarge
                && x.dtype() == DType.FLOAT32
                && Stream.of(x, filters, y).allMatch(type -> type.shape().numElements() > 0);
    }

    /** Makes kernels of {@link Conv2d}. */
    static KernelFactory<Conv2d> forward(Workers workers) {
        return new KernelFactory<>() {
            @Override
            public boolean accepts(Conv2d op, List<TensorType> operands) {
                TensorType y = op.resultTypes(operands).get(0);
                return ConvBlockKernels.accepts(op.window(), operands.get(0), operands.get(1), y);
            }

            @Override
            public long scratchBytes(Conv2d op, List<TensorType> operands) {
                Blocks blocks = Blocks.of(op.window(), operands.get(0), outChannels(operands.get(1)));
                return blocks.scratchBytes(blocks.numLanes());
            }

            @Override
            public HostKernel bind(Conv2d op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                Buffer x = operands.get(0);
                Blocks blocks = Blocks.of(
                        op.window(), x.type(), outChannels(operands.get(1).type()));
                ImageColumns images = new ImageColumns(blocks.sizes, x);
                PositionColumns y = new PositionColumns(blocks.sizes, blocks.valueRows, results.get(0));
                INDArray filters = blocks.filters(operands.get(1));
                List<ConvLane> lanes = blocks.lanes(scratch, blocks.numLanes());
                blocks.forEach(lanes, (lane, block) -> {
                    FloatBuffer columns = lane.columns();
                    FloatBuffer values = lane.values();
                    lane.add(() -> images.unfold(block, columns));
                    lane.addProduct(
                            block.count(),
                            count -> EinsumKernels.matmul(
                                    filters, lane.columns(block), lane.values(block), false, false));
                    lane.add(() -> y.scatter(block, values));
                });
                return new Lanes(workers, List.copyOf(lanes));
            }
        };
    }

    /** Makes kernels of {@link ConvTranspose2d}. */
    static KernelFactory<ConvTranspose2d> transposed(Workers workers) {
        return new KernelFactory<>() {
            @Override
            public boolean accepts(ConvTranspose2d op, List<TensorType> operands) {
                TensorType x = op.resultTypes(operands).get(0);
                return ConvBlockKernels.accepts(op.window(), x, operands.get(1), operands.get(0));
            }

            @Override
            public long scratchBytes(ConvTranspose2d op, List<TensorType> operands) {
                TensorType x = op.resultTypes(operands).get(0);
                Blocks blocks = Blocks.of(op.window(), x, outChannels(operands.get(1)));
                return blocks.scratchBytes(blocks.numGroupLanes());
            }

            @Override
            public HostKernel bind(ConvTranspose2d op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                Buffer x = results.get(0);
                Blocks blocks = Blocks.of(
                        op.window(), x.type(), outChannels(operands.get(1).type()));
                ImageColumns images = new ImageColumns(blocks.sizes, x);
                PositionColumns y = new PositionColumns(blocks.sizes, blocks.valueRows, operands.get(0));
                INDArray filters = blocks.filters(operands.get(1));
                List<ConvLane> lanes = blocks.lanes(scratch, blocks.numGroupLanes());
                for (int i = 0; i < blocks.groups.size(); i++) {
                    // Windows of neighbouring blocks overlap, so blocks of one sample are folded by one lane.
                    ConvLane lane = lanes.get(i % lanes.size());
                    List<PositionBlock> group = blocks.groups.get(i);
                    FloatBuffer columns = lane.columns();
                    FloatBuffer values = lane.values();
                    lane.add(() -> images.clear(group.get(0)));
                    for (PositionBlock block : group) {
                        lane.add(() -> y.gather(block, values));
                        lane.addProduct(
                                block.count(),
                                count -> EinsumKernels.matmul(
                                        filters, lane.values(block), lane.columns(block), true, false));
                        lane.add(() -> images.fold(block, columns));
                    }
                }
                return new Lanes(workers, List.copyOf(lanes));
            }
        };
    }

    /** Makes kernels of {@link Conv2dFilterGrad}. */
    static KernelFactory<Conv2dFilterGrad> filterGradient(Workers workers) {
        return new KernelFactory<>() {
            @Override
            public boolean accepts(Conv2dFilterGrad op, List<TensorType> operands) {
                TensorType filters = op.resultTypes(operands).get(0);
                return ConvBlockKernels.accepts(op.window(), operands.get(0), filters, operands.get(1));
            }

            @Override
            public long scratchBytes(Conv2dFilterGrad op, List<TensorType> operands) {
                Blocks blocks = Blocks.of(
                        op.window(), operands.get(0), operands.get(1).shape().dim(1));
                int numLanes = blocks.numGradientLanes();
                return blocks.scratchBytes(numLanes) + Scratch.bytesFor(List.of(blocks.sums(numLanes)));
            }

            @Override
            public HostKernel bind(Conv2dFilterGrad op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                Buffer x = operands.get(0);
                Buffer dy = operands.get(1);
                Buffer result = results.get(0);
                Blocks blocks =
                        Blocks.of(op.window(), x.type(), dy.type().shape().dim(1));
                ImageColumns images = new ImageColumns(blocks.sizes, x);
                PositionColumns gradients = new PositionColumns(blocks.sizes, blocks.valueRows, dy);
                List<ConvLane> lanes = blocks.lanes(scratch, blocks.numGradientLanes());
                Buffer sums = scratch.take(blocks.sums(lanes.size()));
                blocks.forEach(lanes, (lane, block) -> {
                    INDArray sum = blocks.sum(sums, lanes.indexOf(lane));
                    FloatBuffer columns = lane.columns();
                    FloatBuffer values = lane.values();
                    boolean isFirst = lane.isEmpty();
                    lane.add(() -> images.unfold(block, columns));
                    lane.add(() -> gradients.gather(block, values));
                    lane.addProduct(
                            isFirst ? -1 : block.count(),
                            count -> isFirst
                                    ? EinsumKernels.matmul(lane.values(block), lane.columns(block), sum, false, true)
                                    : EinsumKernels.addMatmul(
                                            lane.values(block), lane.columns(block), sum, false, true));
                });
                return new HostSequence(
                        List.of(new Lanes(workers, List.copyOf(lanes)), new RowSum(workers, sums, result)));
            }
        };
    }

    private static long outChannels(TensorType filters) {
        return filters.shape().dim(0);
    }

    /** How a convolution's positions are cut into blocks. */
    private static final class Blocks {
        final WindowedImages sizes;
        final int columnRows;
        final int valueRows;
        final List<List<PositionBlock>> groups;
        final List<PositionBlock> all;
        final int maxCount;

        private Blocks(WindowedImages sizes, int valueRows) {
            this.sizes = sizes;
            this.columnRows = sizes.channels() * sizes.windowSize();
            this.valueRows = valueRows;
            int most = Math.max(MIN_POSITIONS, Math.min(MAX_POSITIONS, BLOCK_ELEMENTS / columnRows));
            groups = PositionBlock.groups(sizes, most);
            all = groups.stream().flatMap(List::stream).toList();
            maxCount = all.stream().mapToInt(PositionBlock::count).max().orElse(0);
        }

        static Blocks of(Window2d window, TensorType images, long outChannels) {
            return new Blocks(WindowedImages.of(window, images), Math.toIntExact(outChannels));
        }

        /** Lanes for work on blocks that do not depend on each other. */
        int numLanes() {
            return Math.min(MAX_LANES, all.size());
        }

        /** Lanes for work in which only groups do not depend on each other. */
        int numGroupLanes() {
            return Math.min(MAX_LANES, groups.size());
        }

        /** Lanes that have a gradient of the filters each. */
        int numGradientLanes() {
            long affordable = GRADIENT_ELEMENTS / ((long) columnRows * valueRows);
            return (int) Math.min(numLanes(), Math.max(MIN_GRADIENT_LANES, affordable));
        }

        long scratchBytes(int numLanes) {
            return numLanes * Scratch.bytesFor(ConvLane.memory(columnRows, valueRows, maxCount));
        }

        List<ConvLane> lanes(Scratch scratch, int numLanes) {
            List<ConvLane> lanes = new ArrayList<>();
            for (int i = 0; i < numLanes; i++) {
                lanes.add(new ConvLane(columnRows, valueRows, maxCount, scratch));
            }
            return lanes;
        }

        /** The type of the lanes' sums, each a gradient of the filters. */
        TensorType sums(int numLanes) {
            return new TensorType(DType.FLOAT32, Shape.shape(numLanes, (long) valueRows * columnRows));
        }

        /** The sum of one lane as a matrix like {@link #filters}. */
        INDArray sum(Buffer sums, int lane) {
            long[] dims = {valueRows, columnRows};
            return Nd4jBuffers.view(sums, lane * dims[0] * dims[1], dims, new long[] {dims[1], 1});
        }

        /** Filters as a matrix of output channels by elements of the window. */
        INDArray filters(Buffer buffer) {
            return Nd4jBuffers.array(buffer, valueRows, columnRows);
        }

        /** Shares out all blocks to the lanes. */
        void forEach(List<ConvLane> lanes, Task task) {
            for (int i = 0; i < all.size(); i++) {
                task.add(lanes.get(i % lanes.size()), all.get(i));
            }
        }

        /** Adds the steps for one block to a lane. */
        interface Task {
            void add(ConvLane lane, PositionBlock block);
        }
    }
}
