package dev.tartan.partition;

import dev.tartan.graph.DType;
import dev.tartan.graph.Graph;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Shape;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.RowMajor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** Made-up inputs of training steps, the same for every mesh. */
final class StepInputs {
    private StepInputs() {}

    /**
     * A value for each input of {@code graph} that depends on its name only. Integers are below {@code numClasses};
     * second moments, whose names end in {@code .v}, are positive, so that AdamW is well conditioned.
     */
    static Map<String, HostTensor> of(Graph graph, int numClasses) {
        Map<String, HostTensor> inputs = new LinkedHashMap<>();
        for (Value input : graph.inputs()) {
            Random random = new Random(input.name().hashCode());
            boolean secondMoment = input.name().endsWith(".v");
            TensorType type = input.type();
            inputs.put(
                    input.name(),
                    type.dtype() == DType.INT32
                            ? HostTensor.generate(type, i -> random.nextInt(numClasses))
                            : HostTensor.generate(
                                    type,
                                    i -> secondMoment ? 0.01 + random.nextDouble() : 0.3 * random.nextGaussian()));
        }
        return inputs;
    }

    /** The same values for a graph whose inputs are padded with zeros at the end of their dims. */
    static Map<String, HostTensor> padded(Map<String, HostTensor> inputs, Graph graph) {
        Map<String, HostTensor> padded = new LinkedHashMap<>();
        for (Value input : graph.inputs()) {
            HostTensor whole = inputs.get(input.name());
            padded.put(input.name(), whole.type().equals(input.type()) ? whole : resized(whole, input.type()));
        }
        return padded;
    }

    /**
     * The elements of {@code tensor} that {@code type} has room for, zeros elsewhere. Where one has a dim more, its
     * last two are a view of the other's last.
     */
    static HostTensor resized(HostTensor tensor, TensorType type) {
        int more = type.numDims() - tensor.shape().numDims();
        if (more == 1) {
            return resized(viewed(tensor, split(tensor.shape(), type.shape())), type);
        }
        if (more == -1) {
            Shape view = split(type.shape(), tensor.shape());
            return viewed(resized(tensor, type.withShape(view)), type.shape());
        }
        return HostTensor.generate(type, i -> {
            int[] index = RowMajor.index(type.shape(), i);
            boolean inside = true;
            for (int dim = 0; dim < index.length; dim++) {
                inside &= index[dim] < tensor.shape().dim(dim);
            }
            return inside ? tensor.at(index) : 0;
        });
    }

    private static Shape split(Shape whole, Shape like) {
        int last = whole.numDims() - 1;
        long[] dims = Arrays.copyOf(whole.dims(), whole.numDims() + 1);
        dims[last] = like.dim(last);
        dims[last + 1] = whole.dim(last) / like.dim(last);
        return Shape.shape(dims);
    }

    private static HostTensor viewed(HostTensor tensor, Shape shape) {
        return new HostTensor(tensor.type().withShape(shape), tensor.data());
    }

    /**
     * The largest difference of two tensors of one shape, relative to the largest element of {@code expected}, or to
     * {@code floor} if that is larger.
     */
    static double relativeError(HostTensor actual, HostTensor expected, double floor) {
        double scale = Arrays.stream(expected.data()).map(Math::abs).max().orElse(0);
        double error = 0;
        for (int i = 0; i < expected.data().length; i++) {
            double difference = Math.abs(actual.data()[i] - expected.data()[i]);
            error = Double.isNaN(difference) ? Double.NaN : Math.max(error, difference);
        }
        return error / Math.max(scale, floor);
    }
}
