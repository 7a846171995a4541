package dev.tartan.autodiff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Activation;
import dev.tartan.op.Lstm;
import dev.tartan.op.SimpleRnn;
import dev.tartan.op.Tensor;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Whether recurrent networks have the gradients that DL4J 1.0.0-M2.1 computed in float64 for its own first parameters.
 */
class RecurrentDl4jTest {
    // Both sum the same terms in other orders; DL4J takes tanh from exp, which costs it a digit.
    private static final double TOLERANCE = 1e-12;

    @Test
    void layersWithMasksHaveDl4jsGradients() {
        try (Golden golden = new Golden("lstm-masked")) {
            Tensor mask = golden.batch("featuresMask");
            Tensor seen = mask.greaterThan(0);
            Tensor x = golden.batch("features").transpose(0, 2, 1);
            x = golden.lstm("layer0", x, Activation.TANH, Activation.SIGMOID, seen);
            x = golden.lstm("layer1", x, Activation.SOFTSIGN, Activation.HARD_SIGMOID, seen);
            Tensor weights = golden.parameter("layer2.RW");
            Tensor columns = golden.dense("layer2", x);
            x = columns.apply(new SimpleRnn(Activation.TANH, true, false), weights, golden.zeros(weights), seen)
                    .get(0);
            golden.assertGradients(golden.loss("layer3", x, golden.batch("labelsMask")));
        }
    }

    @Test
    void layersWithPeepholesHaveDl4jsGradients() {
        try (Golden golden = new Golden("graveslstm-tbptt")) {
            Tensor x = golden.batch("features").transpose(0, 2, 1);
            x = golden.lstm("layer0", x, Activation.TANH, Activation.SIGMOID, null);
            x = golden.lstm("layer1", x, Activation.TANH, Activation.SIGMOID, null);
            golden.assertGradients(golden.loss("layer2", x, null));
        }
    }

    /** A network that DL4J trained, being traced. */
    private static final class Golden implements AutoCloseable {
        private final SafetensorsReader file;
        private final GraphBuilder builder = new GraphBuilder("dl4j");
        private final Map<String, HostTensor> inputs = new LinkedHashMap<>();
        private final Map<String, Tensor> parameters = new LinkedHashMap<>();

        Golden(String name) {
            try {
                file = SafetensorsReader.open(Path.of(RecurrentDl4jTest.class
                        .getResource("/dl4j/" + name + ".safetensors")
                        .toURI()));
            } catch (URISyntaxException e) {
                throw new IllegalStateException(e);
            }
        }

        private Tensor input(String name) {
            Shape shape = file.tensor(name).shape();
            inputs.put(name, HostTensor.of(shape, file.readDoubles(name)));
            return Tensor.input(builder, name, new TensorType(DType.FLOAT64, shape));
        }

        Tensor batch(String field) {
            return input("batch0." + field + ".0");
        }

        /** Parameters are asked for in the order in which DL4J lays them into one vector. */
        Tensor parameter(String name) {
            return parameters.computeIfAbsent(name, absent -> input("init." + name));
        }

        /** A state of zeros for a batch, {@code [n, units]} by the rows of the recurrent weights. */
        Tensor zeros(Tensor weights) {
            long n = file.tensor("batch0.features.0").shape().dim(0);
            return weights.sum(1)
                    .mul(0)
                    .broadcastTo(Shape.shape(n, weights.shape().dim(0)));
        }

        Tensor dense(String layer, Tensor x) {
            return x.matmul(parameter(layer + ".W")).add(parameter(layer + ".b"));
        }

        Tensor lstm(String layer, Tensor x, Activation activation, Activation gate, @Nullable Tensor mask) {
            Tensor w = parameter(layer + ".W");
            Tensor rw = parameter(layer + ".RW");
            long h = rw.shape().dim(0);
            boolean peepholes = rw.shape().dim(1) > 4 * h;
            Tensor recurrent = rw.slice(1, 0, 4 * h);
            Tensor zeros = zeros(recurrent);
            List<Tensor> operands = new ArrayList<>(List.of(recurrent, zeros, zeros));
            if (peepholes) {
                operands.add(rw.slice(1, 4 * h, 3).transpose(1, 0));
            }
            if (mask != null) {
                operands.add(mask);
            }
            Lstm op = new Lstm(activation, gate, peepholes, mask != null, false);
            return x.matmul(w)
                    .add(parameter(layer + ".b"))
                    .apply(op, operands.toArray(new Tensor[0]))
                    .get(0);
        }

        /** The sum of cross-entropies over all steps that the mask leaves. */
        Tensor loss(String layer, Tensor x, @Nullable Tensor mask) {
            Tensor likelihood = dense(layer, x).softmax().log();
            Tensor losses =
                    likelihood.mul(batch("labels").transpose(0, 2, 1)).sum(2).neg();
            return (mask == null ? losses : losses.mul(mask)).sumAll();
        }

        void assertGradients(Tensor loss) {
            List<Tensor> gradients = Gradients.of(loss, List.copyOf(parameters.values()));
            Map<String, Value> outputs = new LinkedHashMap<>();
            int index = 0;
            for (String name : parameters.keySet()) {
                outputs.put(name, gradients.get(index++).value());
            }
            Map<String, HostTensor> actual = ReferenceInterpreter.run(builder.build(outputs), inputs);
            double[] expected = file.readDoubles("gradient0.flat");
            double scale = 0;
            for (double value : expected) {
                scale = Math.max(scale, Math.abs(value));
            }
            double worst = 0;
            int start = 0;
            for (String name : inDl4jsOrder(actual)) {
                HostTensor gradient = actual.get(name);
                for (int i = 0; i < gradient.data().length; i++) {
                    double difference = gradient.data()[i] - expected[start + columnMajor(gradient.shape(), i)];
                    worst = Math.max(worst, Math.abs(difference) / scale);
                }
                start += gradient.data().length;
            }
            assertThat(start).isEqualTo(expected.length);
            assertThat(worst).isLessThan(TOLERANCE);
        }

        /** Layer by layer W, RW, b. */
        private static List<String> inDl4jsOrder(Map<String, HostTensor> gradients) {
            List<String> kinds = List.of("W", "RW", "b");
            return gradients.keySet().stream()
                    .sorted(java.util.Comparator.comparing((String name) -> name.substring(0, name.indexOf('.')))
                            .thenComparing(name -> kinds.indexOf(name.substring(name.indexOf('.') + 1))))
                    .toList();
        }

        private static int columnMajor(Shape shape, int rowMajor) {
            if (shape.numDims() == 1) {
                return rowMajor;
            }
            int rows = Math.toIntExact(shape.dim(0));
            int columns = Math.toIntExact(shape.dim(1));
            return rowMajor % columns * rows + rowMajor / columns;
        }

        @Override
        public void close() {
            file.close();
        }
    }
}
