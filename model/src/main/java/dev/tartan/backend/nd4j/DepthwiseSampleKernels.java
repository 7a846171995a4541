package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.KernelFactory;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.backend.host.HostSequence;
import dev.tartan.backend.host.RowSum;
import dev.tartan.backend.host.Workers;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.DepthwiseConv2d;
import dev.tartan.op.DepthwiseConv2dFilterGrad;
import dev.tartan.op.DepthwiseConvTranspose2d;
import dev.tartan.op.Window2d;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Float32 depthwise convolutions on the CPU by ND4J's ops, which hand them to oneDNN: one sample at a time, several at
 * once. For each sample at work oneDNN allocates copies of the sample's own size, which no memory plan knows of.
 *
 * <p>ND4J's gradient op gives the gradients of images and filters at once; the one that was not asked for goes to
 * scratch memory.
 */
final class DepthwiseSampleKernels {
    /** Samples that may be worked on at once. */
    private static final int MAX_LANES = 16;

    /** ND4J's flags for images [n, channels, height, width] and filters [height, width, channels, multiplier]. */
    private static final long[] LAYOUT = {0, 0};

    private DepthwiseSampleKernels() {}

    private static boolean accepts(List<TensorType> operands, TensorType result) {
        return operands.get(0).dtype() == DType.FLOAT32
                && result.shape().numElements() > 0
                && operands.stream().allMatch(type -> type.shape().numElements() > 0);
    }

    /** Makes kernels of {@link DepthwiseConv2d}. */
    static KernelFactory<DepthwiseConv2d> forward(Workers workers) {
        return new KernelFactory<>() {
            @Override
            public boolean accepts(DepthwiseConv2d op, List<TensorType> operands) {
                return DepthwiseSampleKernels.accepts(
                        operands, op.resultTypes(operands).get(0));
            }

            private Memory memory(DepthwiseConv2d op, List<TensorType> operands) {
                return new Memory(op.window(), operands.get(0), List.of());
            }

            @Override
            public long scratchBytes(DepthwiseConv2d op, List<TensorType> operands) {
                return memory(op, operands).bytes();
            }

            @Override
            public HostKernel bind(DepthwiseConv2d op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                Memory memory = memory(op, operands.stream().map(Buffer::type).toList());
                INDArray filters = Nd4jBuffers.array(operands.get(1));
                List<List<HostKernel>> lanes = memory.lanes();
                for (int i = 0; i < memory.numSamples(); i++) {
                    PaddedImages x = memory.padded(operands.get(0), i, memory.ofLane(scratch, i));
                    List<HostKernel> lane = lanes.get(i % lanes.size());
                    lane.add(x.pad(0));
                    lane.add(Nd4jKernel.custom(
                            "depthwise_conv2d",
                            List.of(x.array(), filters),
                            List.of(Nd4jBuffers.array(memory.sample(results.get(0), i))),
                            new double[0],
                            x.integers(LAYOUT)));
                }
                return Lanes.of(workers, lanes);
            }
        };
    }

    /** Makes kernels of {@link DepthwiseConvTranspose2d}. */
    static KernelFactory<DepthwiseConvTranspose2d> transposed(Workers workers) {
        return new KernelFactory<>() {
            @Override
            public boolean accepts(DepthwiseConvTranspose2d op, List<TensorType> operands) {
                return DepthwiseSampleKernels.accepts(
                        operands, op.resultTypes(operands).get(0));
            }

            private Memory memory(DepthwiseConvTranspose2d op, List<TensorType> operands) {
                return new Memory(op.window(), op.resultTypes(operands).get(0), List.of(operands.get(1)));
            }

            @Override
            public long scratchBytes(DepthwiseConvTranspose2d op, List<TensorType> operands) {
                return memory(op, operands).bytes();
            }

            @Override
            public HostKernel bind(
                    DepthwiseConvTranspose2d op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                Memory memory = memory(op, operands.stream().map(Buffer::type).toList());
                INDArray filters = Nd4jBuffers.array(operands.get(1));
                List<List<HostKernel>> lanes = memory.lanes();
                for (int i = 0; i < memory.numSamples(); i++) {
                    Scratch own = memory.ofLane(scratch, i);
                    PaddedImages x = memory.padded(results.get(0), i, own);
                    INDArray y = Nd4jBuffers.array(memory.sample(operands.get(0), i));
                    INDArray unwanted =
                            Nd4jBuffers.array(own.take(operands.get(1).type()));
                    List<HostKernel> lane = lanes.get(i % lanes.size());
                    // The images' elements count for the unwanted gradient only.
                    lane.add(gradient(x, filters, y, x.array(), unwanted));
                    lane.add(x.crop());
                }
                return Lanes.of(workers, lanes);
            }
        };
    }

    /** Makes kernels of {@link DepthwiseConv2dFilterGrad}. */
    static KernelFactory<DepthwiseConv2dFilterGrad> filterGradient(Workers workers) {
        return new KernelFactory<>() {
            @Override
            public boolean accepts(DepthwiseConv2dFilterGrad op, List<TensorType> operands) {
                return DepthwiseSampleKernels.accepts(
                        operands, op.resultTypes(operands).get(0));
            }

            private Memory memory(DepthwiseConv2dFilterGrad op, List<TensorType> operands) {
                TensorType x = operands.get(0);
                TensorType filters = op.resultTypes(operands).get(0);
                return new Memory(
                        op.window(), x, List.of(PaddedImages.paddedType(op.window(), Memory.sampleType(x)), filters));
            }

            @Override
            public long scratchBytes(DepthwiseConv2dFilterGrad op, List<TensorType> operands) {
                Memory memory = memory(op, operands);
                return memory.bytes()
                        + Scratch.bytesFor(
                                List.of(memory.sums(op.resultTypes(operands).get(0))));
            }

            @Override
            public HostKernel bind(
                    DepthwiseConv2dFilterGrad op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                Memory memory = memory(op, operands.stream().map(Buffer::type).toList());
                Buffer result = results.get(0);
                long numElements = result.type().shape().numElements();
                Buffer sums = scratch.from(memory.bytes()).take(memory.sums(result.type()));
                List<List<HostKernel>> lanes = memory.lanes();
                for (int i = 0; i < memory.numSamples(); i++) {
                    Scratch own = memory.ofLane(scratch, i);
                    PaddedImages x = memory.padded(operands.get(0), i, own);
                    INDArray unwanted = Nd4jBuffers.array(own.take(x.padded().type()));
                    INDArray dy = Nd4jBuffers.array(memory.sample(operands.get(1), i));
                    int index = i % lanes.size();
                    List<HostKernel> lane = lanes.get(index);
                    INDArray sum = Nd4jBuffers.array(
                            sums.part(index * numElements, numElements).as(result.type()));
                    INDArray gradient = i < lanes.size() ? sum : Nd4jBuffers.array(own.take(result.type()));
                    lane.add(x.pad(0));
                    // The filters' elements count for the unwanted gradient only.
                    lane.add(gradient(x, gradient, dy, unwanted, gradient));
                    if (i >= lanes.size()) {
                        lane.add(Nd4jKernel.custom("add", List.of(sum, gradient), List.of(sum)));
                    }
                }
                return new HostSequence(List.of(Lanes.of(workers, lanes), new RowSum(workers, sums, result)));
            }
        };
    }

    private static HostKernel gradient(PaddedImages x, INDArray filters, INDArray dy, INDArray dx, INDArray dFilters) {
        return Nd4jKernel.custom(
                "depthwise_conv2d_bp",
                List.of(x.array(), filters, dy),
                List.of(dx, dFilters),
                new double[0],
                x.integers(LAYOUT));
    }

    /**
     * The scratch memory of lanes: a padded sample if need be, and more.
     *
     * @param images the whole images
     * @param more what a lane needs beside
     */
    private record Memory(Window2d window, TensorType images, List<TensorType> more) {
        static TensorType sampleType(TensorType whole) {
            long[] dims = whole.shape().dims();
            dims[0] = 1;
            return whole.withShape(Shape.shape(dims));
        }

        int numSamples() {
            return Math.toIntExact(images.shape().dim(0));
        }

        private int numLanes() {
            return Math.min(MAX_LANES, numSamples());
        }

        private long laneBytes() {
            return PaddedImages.scratchBytes(window, sampleType(images)) + Scratch.bytesFor(more);
        }

        long bytes() {
            return numLanes() * laneBytes();
        }

        List<List<HostKernel>> lanes() {
            List<List<HostKernel>> lanes = new ArrayList<>();
            for (int i = 0; i < numLanes(); i++) {
                lanes.add(new ArrayList<>());
            }
            return lanes;
        }

        /** The memory of the lane that works on a sample, none of it handed out. */
        Scratch ofLane(Scratch scratch, int sample) {
            return scratch.from(sample % numLanes() * laneBytes());
        }

        PaddedImages padded(Buffer whole, int index, Scratch own) {
            return PaddedImages.of(window, sample(whole, index), own);
        }

        /** One sample of a tensor. */
        Buffer sample(Buffer whole, int index) {
            TensorType type = sampleType(whole.type());
            long numElements = type.shape().numElements();
            return whole.part(index * numElements, numElements).as(type);
        }

        /** The type of the lanes' sums of gradients of {@code filters}. */
        TensorType sums(TensorType filters) {
            return new TensorType(
                    DType.FLOAT32, Shape.shape(numLanes(), filters.shape().numElements()));
        }
    }
}
