package dev.tartan.spark.dataset;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Initializers;
import dev.tartan.network.Network;
import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import java.util.List;
import java.util.Map;

/** The mean of {@code (x w + b - y)^2}, weights and bias 0 at first. */
final class LinearRegression extends Network {
    private final int inputs;
    private final Param weight;
    private final Param bias;

    LinearRegression(int inputs) {
        this.inputs = inputs;
        weight = param("weight", shape(inputs, 1), Initializers.zeros());
        bias = param("bias", shape(1), Initializers.zeros());
    }

    @Override
    public List<BatchField> batchFields() {
        return List.of(
                BatchField.floats("x", inputs),
                BatchField.floats("y", 1),
                BatchField.ints("group").below(5).orIgnored(-100).optionally());
    }

    @Override
    public Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
        return pass.mean(field(batch, "x")
                .matmul(weight)
                .add(bias)
                .sub(field(batch, "y"))
                .square());
    }
}
