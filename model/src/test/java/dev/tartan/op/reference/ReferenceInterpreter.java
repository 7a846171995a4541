package dev.tartan.op.reference;

import dev.tartan.graph.Graph;
import dev.tartan.graph.Node;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.ShardOffset;
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
import dev.tartan.op.Einsum;
import dev.tartan.op.EinsumEpilogue;
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
import dev.tartan.op.SumSquares;
import dev.tartan.op.Transpose;
import dev.tartan.op.Unary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Evaluates ops and graphs on host tensors in double precision, each op by its definition. */
public final class ReferenceInterpreter {
    private static final Map<Class<? extends Op>, Kernel<? extends Op>> KERNELS = new LinkedHashMap<>();

    static {
        register(Unary.class, ElementwiseReference::unary);
        register(Binary.class, ElementwiseReference::binary);
        register(ScalarBinary.class, ElementwiseReference::scalarBinary);
        register(Compare.class, ElementwiseReference::compare);
        register(Select.class, ElementwiseReference::select);
        register(Cast.class, ElementwiseReference::cast);
        register(AddN.class, ElementwiseReference::addN);
        register(FusedElementwise.class, ElementwiseReference::fused);
        register(AdamW.class, AdamWReference::adamW);
        register(Activate.class, ActivationReference::activate);
        register(ActivateGrad.class, ActivationReference::activateGrad);
        register(Constrain.class, ShapeReference::constrain);
        register(StopGradient.class, ShapeReference::stopGradient);
        register(Reshape.class, ShapeReference::reshape);
        register(Transpose.class, ShapeReference::transpose);
        register(BroadcastTo.class, ShapeReference::broadcastTo);
        register(Slice.class, ShapeReference::slice);
        register(Pad.class, ShapeReference::pad);
        register(Concat.class, ShapeReference::concat);
        register(Fill.class, SourceReference::fill);
        register(Iota.class, SourceReference::iota);
        register(RandomUniform.class, SourceReference::randomUniform);
        register(GatherRows.class, RowsReference::gather);
        register(ScatterAddRows.class, RowsReference::scatterAdd);
        register(Reduce.class, ReductionReference::reduce);
        register(SumSquares.class, ReductionReference::sumSquares);
        register(Einsum.class, ReductionReference::einsum);
        register(EinsumEpilogue.class, ReductionReference::einsumEpilogue);
        register(LayerNorm.class, NormReference::layerNorm);
        register(LayerNormGrad.class, NormReference::layerNormGrad);
        register(RmsNorm.class, NormReference::rmsNorm);
        register(RmsNormGrad.class, NormReference::rmsNormGrad);
        register(Softmax.class, SoftmaxReference::softmax);
        register(SoftmaxGrad.class, SoftmaxReference::softmaxGrad);
        register(CrossEntropy.class, SoftmaxReference::crossEntropy);
        register(CrossEntropyGrad.class, SoftmaxReference::crossEntropyGrad);
        register(Attention.class, AttentionReference::attention);
        register(AttentionGrad.class, AttentionReference::attentionGrad);
        register(Rotary.class, AttentionReference::rotary);
        register(Lstm.class, RecurrentReference::lstm);
        register(LstmGrad.class, RecurrentReference::lstmGrad);
        register(SimpleRnn.class, RecurrentReference::simpleRnn);
        register(SimpleRnnGrad.class, RecurrentReference::simpleRnnGrad);
        register(Conv2d.class, ConvReference::conv2d);
        register(ConvTranspose2d.class, ConvReference::transpose2d);
        register(Conv2dFilterGrad.class, ConvReference::filterGrad);
        register(DepthwiseConv2d.class, ConvReference::depthwise);
        register(DepthwiseConvTranspose2d.class, ConvReference::depthwiseTranspose);
        register(DepthwiseConv2dFilterGrad.class, ConvReference::depthwiseFilterGrad);
        register(MaxPool2d.class, PoolReference::max);
        register(MaxPool2dGrad.class, PoolReference::maxGrad);
        register(AveragePool2d.class, PoolReference::average);
        register(AveragePool2dGrad.class, PoolReference::averageGrad);
        register(NormPool2d.class, PoolReference::norm);
        register(NormPool2dGrad.class, PoolReference::normGrad);
    }

    private ReferenceInterpreter() {}

    private static <O extends Op> void register(Class<O> type, Kernel<O> kernel) {
        KERNELS.put(type, kernel);
    }

    /**
     * The results of one op.
     *
     * @throws IllegalArgumentException if the op has no reference, or does not accept the operands
     */
    public static List<HostTensor> run(Op op, List<HostTensor> operands) {
        List<TensorType> types =
                op.resultTypes(operands.stream().map(HostTensor::type).toList());
        List<double[]> data = kernel(op).run(op, operands, types);
        List<HostTensor> results = new ArrayList<>();
        for (int i = 0; i < types.size(); i++) {
            results.add(new HostTensor(types.get(i), data.get(i)));
        }
        return results;
    }

    /** The outputs of a graph by label; {@code inputs} by input name. */
    public static Map<String, HostTensor> run(Graph graph, Map<String, HostTensor> inputs) {
        Map<Value, HostTensor> values = new LinkedHashMap<>();
        for (Value input : graph.inputs()) {
            HostTensor given = inputs.get(input.name());
            if (given == null) {
                throw new IllegalArgumentException(
                        "graph input is not given: input=" + input + ", given=" + inputs.keySet() + ".");
            }
            values.put(input, given);
        }
        return evaluate(graph, values);
    }

    /** The outputs of a graph by label; {@code inputs} in the order of the graph's inputs. */
    public static Map<String, HostTensor> run(Graph graph, List<HostTensor> inputs) {
        Map<Value, HostTensor> values = new LinkedHashMap<>();
        for (int i = 0; i < graph.inputs().size(); i++) {
            values.put(graph.inputs().get(i), inputs.get(i));
        }
        return evaluate(graph, values);
    }

    private static Map<String, HostTensor> evaluate(Graph graph, Map<Value, HostTensor> values) {
        values.forEach((input, given) -> {
            if (!given.type().equals(input.type())) {
                throw new IllegalArgumentException("graph input has another type: input=" + input + ", expected="
                        + input.type() + ", given=" + given.type() + ".");
            }
        });
        for (Node node : graph.nodes()) {
            List<HostTensor> results =
                    run(node.op(), node.operands().stream().map(values::get).toList());
            for (int i = 0; i < results.size(); i++) {
                values.put(node.results().get(i), results.get(i));
            }
        }
        Map<String, HostTensor> outputs = new LinkedHashMap<>();
        graph.outputs().forEach((label, value) -> outputs.put(label, values.get(value)));
        return outputs;
    }

    @SuppressWarnings("unchecked")
    private static Kernel<Op> kernel(Op op) {
        Kernel<?> kernel = KERNELS.get(op.getClass());
        if (kernel == null) {
            throw new IllegalArgumentException("op has no reference: op=" + op + ". Register one in this class.");
        }
        return (Kernel<Op>) kernel;
    }

    /** The number in an offset that no longer depends on the rank. */
    static int known(ShardOffset offset) {
        if (offset.isSymbolic()) {
            throw new IllegalArgumentException("offset still depends on the rank: offset=" + offset + ". Call atRank.");
        }
        return Math.toIntExact(offset.start());
    }
}
