package dev.tartan.backend.cuda;

import static dev.tartan.backend.cuda.CudaSource.CONVOLUTION;

import dev.tartan.backend.Arena;
import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Conv2d;
import dev.tartan.op.Conv2dFilterGrad;
import dev.tartan.op.ConvTranspose2d;
import dev.tartan.op.Fill;
import dev.tartan.op.Transpose;
import java.util.ArrayList;
import java.util.List;

/**
 * Convolutions as products of matrices. What lies under the window at each position is copied to a column of scratch
 * memory first, or products are gathered from there (im2col and col2im of Chellapilla, Puri and Simard, High
 * Performance Convolutional Neural Networks for Document Processing, 2006). So many samples are done at once as have
 * their columns in a bounded part of the memory. A window of one element that moves by one needs no columns: the images
 * are them.
 */
final class Convolutions {
    /** Scratch memory for the columns of several samples; those of one may take more. */
    private static final long COLUMN_BYTES = 64L << 20;

    private final long columnBytes;

    Convolutions() {
        this(COLUMN_BYTES);
    }

    /** As many samples at once as have columns of so many bytes, but at least one. */
    Convolutions(long columnBytes) {
        this.columnBytes = columnBytes;
    }

    /** y = filters columns, for each sample. Operands x, filters. */
    OpLaunches<Conv2d> forward() {
        return new Convolution<>() {
            @Override
            ConvolutionForm form(Conv2d op, List<DeviceTensor> operands) {
                DeviceTensor x = operands.get(0);
                return ConvolutionForm.of(WindowForm.of(op.window(), x), x, operands.get(1));
            }

            @Override
            long sampleBytes(ConvolutionForm form) {
                return form.isPointwise()
                        ? 0
                        : form.columnElements() * form.type().bytes();
            }

            @Override
            MatrixProduct product(ConvolutionForm form, long samples) {
                return new MatrixProduct(
                                form.type(), samples, form.out(), form.window().positions(), form.depth(), false, false)
                        .sharingA();
            }

            @Override
            List<Step> steps(ConvolutionForm form, List<DeviceTensor> operands, DeviceTensor y, long scratch) {
                List<Step> steps = new ArrayList<>();
                long workspace = workspace(form, scratch);
                for (Chunk chunk : chunks(form)) {
                    long images = chunk.in(operands.get(0), form.imageElements());
                    if (!form.isPointwise()) {
                        steps.add(columns(
                                form,
                                chunk,
                                images,
                                scratch,
                                form.columnElements(),
                                form.window().positions()));
                    }
                    steps.add(new BoundProduct(
                            product(form, chunk.samples),
                            chunk.in(y, form.resultElements()),
                            operands.get(1).address(),
                            form.isPointwise() ? images : scratch,
                            workspace));
                }
                return steps;
            }
        };
    }

    /** columns = filters' y, for each sample, and x is gathered from these, which are float32. Operands y, filters. */
    OpLaunches<ConvTranspose2d> transposed() {
        return new Convolution<>() {
            @Override
            ConvolutionForm form(ConvTranspose2d op, List<DeviceTensor> operands) {
                WindowForm window = new WindowForm(op.window(), op.height(), op.width());
                return ConvolutionForm.of(window, operands.get(0), operands.get(1));
            }

            @Override
            long sampleBytes(ConvolutionForm form) {
                return form.isPointwise() ? 0 : form.columnElements() * Float.BYTES;
            }

            @Override
            MatrixProduct product(ConvolutionForm form, long samples) {
                return new MatrixProduct(
                                form.type(),
                                samples,
                                form.depth(),
                                form.window().positions(),
                                form.out(),
                                true,
                                false)
                        .sharingA()
                        .withResult(form.isPointwise() ? form.type() : CudaType.FLOAT32);
            }

            @Override
            List<Step> steps(ConvolutionForm form, List<DeviceTensor> operands, DeviceTensor x, long scratch) {
                List<Step> steps = new ArrayList<>();
                long workspace = workspace(form, scratch);
                for (Chunk chunk : chunks(form)) {
                    long images = chunk.in(x, form.imageElements());
                    steps.add(new BoundProduct(
                            product(form, chunk.samples),
                            form.isPointwise() ? images : scratch,
                            operands.get(1).address(),
                            chunk.in(operands.get(0), form.resultElements()),
                            workspace));
                    if (!form.isPointwise()) {
                        long count = chunk.samples * form.imageElements();
                        steps.add(Launch.flat(
                                KernelName.of(CONVOLUTION, "column_images", form.type()),
                                count,
                                1,
                                KernelArguments.builder()
                                        .pointer(images)
                                        .pointer(scratch)
                                        .int64(count)
                                        .struct(form.window().toBytes())));
                    }
                }
                return steps;
            }
        };
    }

    /**
     * dfilters = dy columns', one product for all samples of a chunk, whose positions stand side by side for it. What
     * chunks give is added up in float32, in their order. Operands x, dy.
     */
    OpLaunches<Conv2dFilterGrad> filterGrad() {
        return new Convolution<>() {
            @Override
            ConvolutionForm form(Conv2dFilterGrad op, List<DeviceTensor> operands) {
                DeviceTensor x = operands.get(0);
                Shape images = x.shape();
                WindowForm window = WindowForm.of(op.window(), x);
                long out = operands.get(1).shape().dim(1);
                return new ConvolutionForm(x.type(), window, images.dim(0), images.dim(1), out);
            }

            @Override
            long sampleBytes(ConvolutionForm form) {
                return (form.columnElements() + form.resultElements())
                        * form.type().bytes();
            }

            @Override
            boolean addsUpChunks() {
                return true;
            }

            @Override
            MatrixProduct product(ConvolutionForm form, long samples) {
                MatrixProduct product = new MatrixProduct(
                        form.type(),
                        1,
                        form.out(),
                        form.depth(),
                        samples * form.window().positions(),
                        false,
                        true);
                return samples < form.samples() ? product.withResult(CudaType.FLOAT32) : product;
            }

            @Override
            List<Step> steps(ConvolutionForm form, List<DeviceTensor> operands, DeviceTensor filters, long scratch) {
                List<Step> steps = new ArrayList<>();
                List<Chunk> chunks = chunks(form);
                long samples = chunks.get(0).samples;
                long ordered = scratch
                        + Arena.aligned(
                                samples * form.columnElements() * form.type().bytes());
                long sums = sums(form, scratch);
                boolean hasOwnSums = sumBytes(form) > 0;
                for (Chunk chunk : chunks) {
                    long positions = chunk.samples * form.window().positions();
                    long images = chunk.in(operands.get(0), form.imageElements());
                    steps.add(
                            columns(form, chunk, images, scratch, form.window().positions(), positions));
                    DeviceTensor dy = new DeviceTensor(
                            form.type(),
                            Shape.shape(chunk.samples, form.out(), form.window().positions()),
                            chunk.in(operands.get(1), form.resultElements()));
                    steps.addAll(channelsFirst(dy, ordered));
                    MatrixProduct product = product(form, chunk.samples);
                    steps.add(new BoundProduct(
                            chunk.first == 0 ? product : product.adding(),
                            hasOwnSums ? sums : filters.address(),
                            chunk.samples == 1 ? dy.address() : ordered,
                            scratch,
                            workspace(form, scratch)));
                }
                if (hasOwnSums) {
                    steps.add(ElementwiseLaunches.cast(
                            new DeviceTensor(CudaType.FLOAT32, filters.shape(), sums), filters));
                }
                return steps;
            }
        };
    }

    /** From [samples, channels, positions] to [channels, samples, positions]; one sample is so already. */
    private static List<Launch> channelsFirst(DeviceTensor tensor, long to) {
        Shape shape = tensor.shape();
        if (shape.dim(0) == 1) {
            return List.of();
        }
        Shape ordered = Shape.shape(shape.dim(1), shape.dim(0), shape.dim(2));
        DeviceTensor result = new DeviceTensor(tensor.type(), ordered, to);
        return CopyLaunches.transpose(new Transpose(List.of(1, 0, 2)), List.of(tensor), List.of(result), 0);
    }

    private static Launch columns(
            ConvolutionForm form, Chunk chunk, long images, long columns, long toSample, long toTap) {
        long count = chunk.samples * form.in() * form.window().positions();
        return Launch.flat(
                KernelName.of(CONVOLUTION, "image_columns", form.type()),
                count,
                1,
                KernelArguments.builder()
                        .pointer(columns)
                        .pointer(images)
                        .int64(count)
                        .int32(Math.toIntExact(form.in()))
                        .int64(toSample)
                        .int64(toTap)
                        .struct(form.window().toBytes()));
    }

    /** Samples done at once. */
    private record Chunk(long first, long samples) {
        /** Address of the first one in a tensor that has so many elements of each. */
        long in(DeviceTensor tensor, long elements) {
            return tensor.address() + first * elements * tensor.type().bytes();
        }
    }

    /**
     * One of the ops. Its scratch memory is what {@link #sampleBytes} says for the samples of a chunk, then sums, then
     * the workspace of products.
     */
    private abstract class Convolution<O extends Op> implements OpLaunches<O> {
        abstract ConvolutionForm form(O op, List<DeviceTensor> operands);

        /** Scratch memory that a sample takes. */
        abstract long sampleBytes(ConvolutionForm form);

        /** Whether the result is a sum of what chunks give. */
        boolean addsUpChunks() {
            return false;
        }

        /** Sums of chunks, where they cannot stand in the result. */
        long sumBytes(ConvolutionForm form) {
            boolean hasOwn = addsUpChunks() && chunks(form).size() > 1 && form.type() != CudaType.FLOAT32;
            return hasOwn ? form.out() * form.depth() * Float.BYTES : 0;
        }

        /** The product of a chunk. */
        abstract MatrixProduct product(ConvolutionForm form, long samples);

        /** For operands that are not empty. */
        abstract List<Step> steps(ConvolutionForm form, List<DeviceTensor> operands, DeviceTensor z, long scratch);

        List<Chunk> chunks(ConvolutionForm form) {
            long atOnce = form.samplesAtOnce(sampleBytes(form), columnBytes);
            List<Chunk> chunks = new ArrayList<>();
            for (long first = 0; first < form.samples(); first += atOnce) {
                chunks.add(new Chunk(first, Math.min(atOnce, form.samples() - first)));
            }
            return chunks;
        }

        long sums(ConvolutionForm form, long scratch) {
            // Two parts may each begin at a multiple of what arenas align to.
            long samples = chunks(form).get(0).samples;
            return scratch + Arena.aligned(samples * sampleBytes(form)) + Arena.aligned(1);
        }

        long workspace(ConvolutionForm form, long scratch) {
            return sums(form, scratch) + Arena.aligned(sumBytes(form));
        }

        @Override
        public boolean accepts(O op, List<DeviceTensor> operands) {
            return form(op, operands).isSmall();
        }

        @Override
        public long scratchBytes(O op, List<DeviceTensor> operands) {
            if (isEmpty(operands)) {
                return 0;
            }
            ConvolutionForm form = form(op, operands);
            // The first chunk is the largest.
            return workspace(form, 0)
                    + product(form, chunks(form).get(0).samples).workspaceBytes();
        }

        @Override
        public List<? extends Step> launches(
                O op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
            DeviceTensor z = results.get(0);
            if (isEmpty(operands)) {
                TensorType anyType = new TensorType(DType.FLOAT32, z.shape());
                return ElementwiseLaunches.fill(new Fill(anyType, 0), List.of(), results, scratch);
            }
            return steps(form(op, operands), operands, z, scratch);
        }

        /** Whether the result is a sum of nothing. */
        private static boolean isEmpty(List<DeviceTensor> operands) {
            return operands.stream().anyMatch(operand -> operand.count() == 0);
        }
    }

    /** All kernels that these launches may name. */
    static List<KernelName> kernels() {
        List<KernelName> all = new ArrayList<>();
        for (CudaType type : CudaType.COMPUTED) {
            all.add(KernelName.of(CONVOLUTION, "image_columns", type));
            all.add(KernelName.of(CONVOLUTION, "column_images", type));
        }
        return all;
    }
}
