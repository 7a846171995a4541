package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Kernel;
import dev.tartan.backend.KernelFactory;
import dev.tartan.backend.KernelTable;
import dev.tartan.backend.Scratch;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Activate;
import dev.tartan.op.ActivateGrad;
import dev.tartan.op.AdamW;
import dev.tartan.op.AddN;
import dev.tartan.op.AveragePool2d;
import dev.tartan.op.AveragePool2dGrad;
import dev.tartan.op.Binary;
import dev.tartan.op.BroadcastTo;
import dev.tartan.op.Cast;
import dev.tartan.op.Concat;
import dev.tartan.op.Constrain;
import dev.tartan.op.CrossEntropy;
import dev.tartan.op.CrossEntropyGrad;
import dev.tartan.op.Fill;
import dev.tartan.op.FusedElementwise;
import dev.tartan.op.GatherRows;
import dev.tartan.op.LayerNorm;
import dev.tartan.op.LayerNormGrad;
import dev.tartan.op.MaxPool2d;
import dev.tartan.op.MaxPool2dGrad;
import dev.tartan.op.Pad;
import dev.tartan.op.Reduce;
import dev.tartan.op.Reshape;
import dev.tartan.op.RmsNorm;
import dev.tartan.op.RmsNormGrad;
import dev.tartan.op.Rotary;
import dev.tartan.op.ScalarBinary;
import dev.tartan.op.ScatterAddRows;
import dev.tartan.op.Slice;
import dev.tartan.op.Softmax;
import dev.tartan.op.SoftmaxGrad;
import dev.tartan.op.StopGradient;
import dev.tartan.op.SumSquares;
import dev.tartan.op.Transpose;
import dev.tartan.op.Unary;
import java.util.List;
import java.util.function.Predicate;

/** Puts this package's kernels before those that an op table has; only for memory that the CPU can address. */
public final class HostKernels {
    private static final int SMALL_ELEMENTS = 4096;

    private HostKernels() {}

    /** Prefers the kernels here in {@code table}, running on {@code workers}. */
    public static KernelTable.Builder preferIn(KernelTable.Builder table, Workers workers) {
        return table.prefer(
                        Activate.class,
                        with(workers, (op, in, out, w) -> ActivationKernels.activate(op.activation(), in, out, w)))
                .prefer(
                        ActivateGrad.class,
                        with(workers, (op, in, out, w) -> ActivationKernels.gradient(op.activation(), in, out, w)))
                .prefer(Softmax.class, with(workers, (op, in, out, w) -> SoftmaxKernels.softmax(in, out, w)))
                .prefer(
                        SoftmaxGrad.class,
                        with(workers, (op, in, out, w) -> SoftmaxKernels.softmaxGradient(in, out, w)))
                .prefer(CrossEntropy.class, with(workers, (op, in, out, w) -> SoftmaxKernels.crossEntropy(in, out, w)))
                .prefer(
                        CrossEntropyGrad.class,
                        with(
                                workers,
                                (op, in, out, w) -> SoftmaxKernels.crossEntropyGradient(
                                        op.offset().start(), in, out, w)))
                .prefer(
                        LayerNorm.class,
                        with(workers, (op, in, out, w) -> NormKernels.layerNorm(op.epsilon(), in, out, w)))
                .prefer(RmsNorm.class, with(workers, (op, in, out, w) -> NormKernels.rmsNorm(op.epsilon(), in, out, w)))
                .prefer(LayerNormGrad.class, with(workers, (op, in, out, w) -> NormKernels.gradient(true, in, out, w)))
                .prefer(RmsNormGrad.class, with(workers, (op, in, out, w) -> NormKernels.gradient(false, in, out, w)))
                .prefer(AdamW.class, with(workers, AdamWKernels::adamW))
                .prefer(
                        GatherRows.class,
                        with(
                                workers,
                                (op, in, out, w) ->
                                        RowKernels.gather(op.offset().start(), in, out, w)))
                .prefer(
                        ScatterAddRows.class,
                        with(
                                workers,
                                (op, in, out, w) ->
                                        RowKernels.scatterAdd(op.offset().start(), in, out, w)))
                .prefer(Rotary.class, with(workers, RotaryKernels::rotary))
                .prefer(MaxPool2d.class, with(workers, (op, in, out, w) -> PoolKernels.max(op.window(), in, out, w)))
                .prefer(
                        MaxPool2dGrad.class,
                        with(workers, (op, in, out, w) -> PoolKernels.maxGradient(op.window(), in, out, w)))
                .prefer(
                        AveragePool2d.class,
                        with(
                                workers,
                                (op, in, out, w) -> PoolKernels.average(op.window(), op.countsPadding(), in, out, w)))
                .prefer(
                        AveragePool2dGrad.class,
                        with(
                                workers,
                                (op, in, out, w) ->
                                        PoolKernels.averageGradient(op.window(), op.countsPadding(), in, out, w)))
                .prefer(Reduce.class, new ReduceKernels(workers))
                .prefer(
                        SumSquares.class,
                        with(
                                workers,
                                (op, in, out, w) ->
                                        ReduceKernels.sumAll(w, true, Floats.of(in.get(0)), Floats.of(out.get(0)))))
                .prefer(Cast.class, new CastKernels(workers))
                .prefer(Binary.class, ElementwiseKernels.single(workers))
                .prefer(ScalarBinary.class, ElementwiseKernels.single(workers))
                .prefer(AddN.class, ElementwiseKernels.single(workers))
                .prefer(Unary.class, ElementwiseKernels.single(workers))
                .prefer(FusedElementwise.class, new FusedKernels(workers))
                .prefer(Fill.class, ElementwiseKernels.fill(workers))
                .prefer(Reshape.class, halvesAndSmall(copying(workers, op -> true, ShapeKernels::copy)))
                .prefer(Constrain.class, halvesAndSmall(copying(workers, op -> true, ShapeKernels::copy)))
                .prefer(StopGradient.class, halvesAndSmall(copying(workers, op -> true, ShapeKernels::copy)))
                .prefer(BroadcastTo.class, halvesAndSmall(copying(workers, op -> true, ShapeKernels::broadcastTo)))
                .prefer(Slice.class, copying(workers, op -> true, ShapeKernels::slice))
                .prefer(Concat.class, copying(workers, op -> true, ShapeKernels::concat))
                .prefer(Pad.class, copying(workers, op -> op.value() == 0, ShapeKernels::pad))
                .prefer(Transpose.class, halvesAndSmall(copying(workers, op -> true, ShapeKernels::transpose)))
                .prefer(Transpose.class, copying(workers, HostKernels::keepsLastDim, ShapeKernels::transpose));
    }

    private static boolean keepsLastDim(Transpose op) {
        int last = op.permutation().size() - 1;
        return last >= 0 && op.permutation().get(last) == last;
    }

    /** Kernels that move elements of any type. */
    private static <O extends Op> KernelFactory<O> copying(Workers workers, Predicate<O> applies, Maker<O> maker) {
        return new KernelFactory<>() {
            @Override
            public boolean accepts(O op, List<TensorType> operands) {
                return applies.test(op)
                        && operands.stream().allMatch(type -> type.shape().numElements() > 0)
                        && op.resultTypes(operands).get(0).bytes() <= Integer.MAX_VALUE
                        && operands.stream().allMatch(type -> type.bytes() <= Integer.MAX_VALUE);
            }

            @Override
            public boolean takesHalves() {
                return true;
            }

            @Override
            public HostKernel bind(O op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                return maker.make(op, operands, results, workers);
            }
        };
    }

    /** A kernel for 16-bit floats and for small tensors, where ND4J, whose calls take long, has the others. */
    private static <O extends Op> KernelFactory<O> halvesAndSmall(KernelFactory<O> factory) {
        return new KernelFactory<>() {
            @Override
            public boolean accepts(O op, List<TensorType> operands) {
                TensorType result = op.resultTypes(operands).get(0);
                boolean isSmall = result.shape().numElements() <= SMALL_ELEMENTS;
                return (isSmall || result.dtype().isHalf()) && factory.accepts(op, operands);
            }

            @Override
            public boolean takesHalves() {
                return true;
            }

            @Override
            public Kernel bind(O op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                return factory.bind(op, operands, results, scratch);
            }
        };
    }

    /** Makes a kernel that needs no scratch memory. */
    private interface Maker<O extends Op> {
        HostKernel make(O op, List<Buffer> operands, List<Buffer> results, Workers workers);
    }

    private static <O extends Op> KernelFactory<O> with(Workers workers, Maker<O> maker) {
        return new KernelFactory<>() {
            @Override
            public boolean accepts(O op, List<TensorType> operands) {
                boolean hasFloats = operands.stream().anyMatch(type -> Floats.accepts(type.dtype()));
                return hasFloats
                        && Rows.accepts(operands)
                        && Rows.accepts(op.resultTypes(operands))
                        && operands.stream().allMatch(type -> type.shape().numElements() > 0);
            }

            @Override
            public boolean takesHalves() {
                return true;
            }

            @Override
            public HostKernel bind(O op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                return maker.make(op, operands, results, workers);
            }
        };
    }
}
