package dev.tartan.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.DType;
import dev.tartan.graph.Graph;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Shape;
import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.op.Tensor;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What layers give, in training and in inference, against what they gave in DL4J. */
class Dl4jForwardTest {
    private static final double TOLERANCE = 1e-9;

    @ParameterizedTest
    @MethodSource("dev.tartan.dl4j.Dl4jGoldenTest#names")
    void everyLayerGivesWhatItGivesInDl4j(String name) {
        try (Dl4jGolden golden = new Dl4jGolden(name)) {
            Model net = golden.dl4j();
            Map<String, HostTensor> activations = run(golden, net, 0, true);
            golden.tensorNames("activation0.").forEach(tensor -> {
                String node = golden.node(tensor.substring("activation0.".length()));
                if (activations.containsKey(node)) {
                    assertClose(tensor, activations.get(node).data(), golden.values(tensor));
                }
            });
            assertThat(activations).isNotEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("dev.tartan.dl4j.Dl4jGoldenTest#names")
    void theTrainedNetworkPutsOutWhatDl4jDoes(String name) {
        try (Dl4jGolden golden = new Dl4jGolden(name)) {
            Model net = golden.dl4j();
            net.setParams(Dl4jGolden.row(golden.values("final.flat")));
            Map<String, HostTensor> outputs = run(golden, net, golden.numSteps() - 1, false);
            int i = 0;
            for (HostTensor output : outputs.values()) {
                assertClose("output." + i, output.data(), golden.values("output." + i));
                i++;
            }
            assertThat(i).isPositive();
        }
    }

    private static Map<String, HostTensor> run(Dl4jGolden golden, Model net, int step, boolean training) {
        Dl4jNetwork network = golden.network();
        Dl4jTensors tensors = Dl4jTensors.of(net, network);
        GraphBuilder builder = new GraphBuilder("forward");
        network.parameters()
                .values()
                .forEach(param -> param.bind(builder, new TensorType(DType.FLOAT64, param.shape())));
        Map<String, double[]> values = golden.batch(step);
        Map<String, Tensor> batch = new LinkedHashMap<>();
        for (BatchField field : network.batchFields()) {
            if (values.containsKey(field.name())) {
                batch.put(field.name(), Tensor.input(builder, field.name(), type(golden.batchSize(), field)));
            }
        }
        Tensor number = Tensor.input(builder, "step", new TensorType(DType.INT32, Shape.shape()));
        ForwardPass pass = training ? ForwardPass.training(number, 1) : ForwardPass.inference();
        Map<String, Value> outputs = new LinkedHashMap<>();
        (training ? network.feedForward(batch, pass) : network.outputs(batch, pass))
                .forEach((node, tensor) -> outputs.put(node, tensor.value()));
        Graph graph = builder.build(outputs);
        List<HostTensor> inputs = new ArrayList<>();
        for (Value input : graph.inputs()) {
            double[] data;
            if (input.name().equals("step")) {
                data = new double[1];
            } else if (values.containsKey(input.name())) {
                data = values.get(input.name());
            } else {
                data = tensors.view(input.name()).dup('c').data().asDouble();
            }
            inputs.add(new HostTensor(input.type(), data));
        }
        return ReferenceInterpreter.run(graph, inputs);
    }

    private static TensorType type(long batch, BatchField field) {
        long[] dims = new long[field.sampleShape().numDims() + 1];
        dims[0] = batch;
        System.arraycopy(field.sampleShape().dims(), 0, dims, 1, dims.length - 1);
        return new TensorType(DType.FLOAT64, Shape.shape(dims));
    }

    private static void assertClose(String what, double[] actual, double[] expected) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
        }
        assertThat(difference / largest).as(what).isLessThan(TOLERANCE);
    }
}
