package dev.tartan.samediff;

import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Shape;
import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Evaluates what a network traces, in doubles, with the values that its graph has. */
final class TracedValues {
    private final GraphBuilder graph = new GraphBuilder("traced");
    private final Map<String, Tensor> batch = new LinkedHashMap<>();
    private final Map<String, HostTensor> given = new LinkedHashMap<>();

    private TracedValues(SameDiff sd, SameDiffNetwork network, Map<String, INDArray> values) {
        for (BatchField field : network.batchFields()) {
            INDArray value = values.get(field.name());
            if (value != null) {
                add(field, value);
            }
        }
        for (Param param : network.parameters().values()) {
            TensorType type = new TensorType(DType.FLOAT64, param.shape());
            param.bind(graph, type);
            given.put(param.name(), host(type, sd.getVariable(param.name()).getArr()));
        }
    }

    private void add(BatchField field, INDArray value) {
        DType dtype = field.dtype().isFloating() ? DType.FLOAT64 : field.dtype();
        TensorType type = new TensorType(dtype, Shape.shape(value.shape()));
        batch.put(field.name(), Tensor.input(graph, field.name(), type));
        given.put(field.name(), host(type, value));
    }

    private static HostTensor host(TensorType type, INDArray value) {
        return new HostTensor(type, value.dup('c').data().asDouble());
    }

    /** The loss of a batch; {@code weights} are those of samples, null for none. */
    static double loss(SameDiff sd, SameDiffNetwork network, Map<String, INDArray> values, @Nullable INDArray weights) {
        TracedValues traced = new TracedValues(sd, network, values);
        ForwardPass pass = ForwardPass.inference();
        Tensor samples = null;
        if (weights != null) {
            traced.add(BatchField.floats("sample.weight"), weights);
            samples = traced.batch.remove("sample.weight");
        }
        pass.begin(samples);
        return traced.run("loss", network.loss(traced.batch, pass)).data()[0];
    }

    /** The outputs for a batch. */
    static Map<String, double[]> outputs(
            SameDiff sd, SameDiffNetwork network, Map<String, INDArray> values, boolean training) {
        TracedValues traced = new TracedValues(sd, network, values);
        ForwardPass pass = ForwardPass.inference();
        if (training) {
            TensorType type = new TensorType(DType.INT32, Shape.shape());
            traced.given.put("step", new HostTensor(type, new double[] {3}));
            pass = ForwardPass.training(Tensor.input(traced.graph, "step", type), 7);
        }
        Map<String, Value> outputs = new LinkedHashMap<>();
        network.outputs(traced.batch, pass).forEach((name, tensor) -> outputs.put(name, tensor.value()));
        Map<String, double[]> all = new LinkedHashMap<>();
        ReferenceInterpreter.run(traced.graph.build(outputs), traced.given)
                .forEach((name, tensor) -> all.put(name, tensor.data()));
        return all;
    }

    /** The program of the loss as text. */
    static String text(SameDiffNetwork network, Map<String, INDArray> values, SameDiff sd) {
        TracedValues traced = new TracedValues(sd, network, values);
        ForwardPass pass = ForwardPass.inference();
        pass.begin(null);
        return traced.graph
                .build(Map.of("loss", network.loss(traced.batch, pass).value()))
                .toString();
    }

    private HostTensor run(String label, Tensor tensor) {
        return java.util.Objects.requireNonNull(
                ReferenceInterpreter.run(graph.build(Map.of(label, tensor.value())), given)
                        .get(label));
    }
}
