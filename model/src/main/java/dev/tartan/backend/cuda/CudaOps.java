package dev.tartan.backend.cuda;

import dev.tartan.graph.Op;
import dev.tartan.op.Activate;
import dev.tartan.op.ActivateGrad;
import dev.tartan.op.AdamW;
import dev.tartan.op.AddN;
import dev.tartan.op.Attention;
import dev.tartan.op.AttentionGrad;
import dev.tartan.op.AveragePool2d;
import dev.tartan.op.AveragePool2dGrad;
import dev.tartan.op.Binary;
import dev.tartan.op.BroadcastTo;
import dev.tartan.op.Cast;
import dev.tartan.op.Compare;
import dev.tartan.op.Concat;
import dev.tartan.op.Constrain;
import dev.tartan.op.Conv2d;
import dev.tartan.op.Conv2dFilterGrad;
import dev.tartan.op.ConvTranspose2d;
import dev.tartan.op.CrossEntropy;
import dev.tartan.op.CrossEntropyGrad;
import dev.tartan.op.DepthwiseConv2d;
import dev.tartan.op.DepthwiseConv2dFilterGrad;
import dev.tartan.op.DepthwiseConvTranspose2d;
import dev.tartan.op.Fill;
import dev.tartan.op.FusedElementwise;
import dev.tartan.op.GatherRows;
import dev.tartan.op.Iota;
import dev.tartan.op.LayerNorm;
import dev.tartan.op.LayerNormGrad;
import dev.tartan.op.Lstm;
import dev.tartan.op.LstmGrad;
import dev.tartan.op.MaxPool2d;
import dev.tartan.op.MaxPool2dGrad;
import dev.tartan.op.NormPool2d;
import dev.tartan.op.NormPool2dGrad;
import dev.tartan.op.Pad;
import dev.tartan.op.RandomUniform;
import dev.tartan.op.Reduce;
import dev.tartan.op.Reshape;
import dev.tartan.op.RmsNorm;
import dev.tartan.op.RmsNormGrad;
import dev.tartan.op.Rotary;
import dev.tartan.op.ScalarBinary;
import dev.tartan.op.ScatterAddRows;
import dev.tartan.op.Select;
import dev.tartan.op.SimpleRnn;
import dev.tartan.op.SimpleRnnGrad;
import dev.tartan.op.Slice;
import dev.tartan.op.Softmax;
import dev.tartan.op.SoftmaxGrad;
import dev.tartan.op.StopGradient;
import dev.tartan.op.Transpose;
import dev.tartan.op.Unary;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The table of ops that have kernels here. Matrix products are a library's; other ops run as their decomposition. */
final class CudaOps {
    private static final Map<Class<? extends Op>, OpLaunches<?>> TABLE = new LinkedHashMap<>();

    static {
        // One by one, and of any type of number.
        put(Unary.class, ElementwiseLaunches::unary);
        put(Binary.class, ElementwiseLaunches::binary);
        put(ScalarBinary.class, ElementwiseLaunches::scalarBinary);
        put(Compare.class, ElementwiseLaunches::compare);
        put(Select.class, ElementwiseLaunches::select);
        put(Cast.class, ElementwiseLaunches::cast);
        put(AddN.class, ElementwiseLaunches::addN);
        put(FusedElementwise.class, new ChainLaunches());
        put(Fill.class, ElementwiseLaunches::fill);
        put(Iota.class, ElementwiseLaunches::iota);
        put(RandomUniform.class, RandomLaunches::uniform);
        put(Reduce.class, new ReduceLaunches());
        // Of any type at all.
        put(Reshape.class, CopyLaunches::copy);
        put(Constrain.class, CopyLaunches::copy);
        put(StopGradient.class, CopyLaunches::copy);
        put(Slice.class, CopyLaunches::slice);
        put(Concat.class, CopyLaunches::concat);
        put(Pad.class, CopyLaunches::pad);
        put(BroadcastTo.class, CopyLaunches::broadcastTo);
        put(Transpose.class, CopyLaunches::transpose);
        put(GatherRows.class, EmbeddingLaunches::gather);
        // Computed in float32.
        put(Activate.class, computed(ElementwiseLaunches::activate));
        put(ActivateGrad.class, computed(ElementwiseLaunches::activateGrad));
        put(LayerNorm.class, computed(NormLaunches::layerNorm));
        put(LayerNormGrad.class, computed(NormLaunches.layerNormGrad()));
        put(RmsNorm.class, computed(NormLaunches::rmsNorm));
        put(RmsNormGrad.class, computed(NormLaunches.rmsNormGrad()));
        put(Softmax.class, computed(SoftmaxLaunches::softmax));
        put(SoftmaxGrad.class, computed(SoftmaxLaunches::softmaxGrad));
        put(CrossEntropy.class, computed(SoftmaxLaunches::crossEntropy));
        put(CrossEntropyGrad.class, computed(SoftmaxLaunches::crossEntropyGrad));
        put(ScatterAddRows.class, computed(EmbeddingLaunches::scatterAdd));
        put(Rotary.class, computed(new RotaryLaunches()));
        put(Attention.class, AttentionOps.attention());
        put(AttentionGrad.class, AttentionOps.gradient());
        put(AdamW.class, new AdamWLaunches());
        // Of images, likewise.
        Convolutions convolutions = new Convolutions();
        put(Conv2d.class, computed(convolutions.forward()));
        put(ConvTranspose2d.class, computed(convolutions.transposed()));
        put(Conv2dFilterGrad.class, computed(convolutions.filterGrad()));
        put(DepthwiseConv2d.class, computed(DepthwiseLaunches.forward()));
        put(DepthwiseConvTranspose2d.class, computed(DepthwiseLaunches.transposed()));
        put(DepthwiseConv2dFilterGrad.class, computed(DepthwiseLaunches.filterGrad()));
        put(MaxPool2d.class, computed(PoolLaunches.max()));
        put(MaxPool2dGrad.class, computed(PoolLaunches.maxGrad()));
        put(AveragePool2d.class, computed(PoolLaunches.average()));
        put(AveragePool2dGrad.class, computed(PoolLaunches.averageGrad()));
        put(NormPool2d.class, computed(PoolLaunches.norm()));
        put(NormPool2dGrad.class, computed(PoolLaunches.normGrad()));
        // Of sequences, likewise.
        put(Lstm.class, computed(Recurrences.lstm()));
        put(LstmGrad.class, computed(Recurrences.lstmGrad()));
        put(SimpleRnn.class, computed(Recurrences.simpleRnn()));
        put(SimpleRnnGrad.class, computed(Recurrences.simpleRnnGrad()));
    }

    private CudaOps() {}

    private static <O extends Op> void put(Class<O> type, OpLaunches<O> launches) {
        TABLE.put(type, launches);
    }

    /** Types of ops that have kernels, if not for operands of all types. */
    static Set<Class<? extends Op>> types() {
        return Collections.unmodifiableSet(TABLE.keySet());
    }

    /** What makes the launches of an op, or null if there are no kernels for operands of these types. */
    // A value is stored under the class of the ops it takes, which is the class looked up.
    @SuppressWarnings("unchecked")
    static @Nullable OpLaunches<Op> find(Op op, List<DeviceTensor> operands) {
        OpLaunches<Op> found = (OpLaunches<Op>) TABLE.get(op.getClass());
        return found != null && found.accepts(op, operands) ? found : null;
    }

    /** Accepts no float64, for which there are kernels only of ops that work on scalars of a step. */
    private static <O extends Op> OpLaunches<O> computed(OpLaunches<O> launches) {
        return new OpLaunches<>() {
            @Override
            public boolean accepts(O op, List<DeviceTensor> operands) {
                return operands.stream().noneMatch(operand -> operand.type() == CudaType.FLOAT64)
                        && launches.accepts(op, operands);
            }

            @Override
            public long scratchBytes(O op, List<DeviceTensor> operands) {
                return launches.scratchBytes(op, operands);
            }

            @Override
            public List<? extends Step> launches(
                    O op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
                return launches.launches(op, operands, results, scratch);
            }
        };
    }
}
