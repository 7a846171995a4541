package dev.tartan.op;

import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.List;

/** The gradient of {@link Activate}: operands x and dy, result dx, all of one type. */
public record ActivateGrad(Activation activation) implements DecomposableOp {
    @Override
    public String name() {
        return activation.label() + "_grad";
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 2);
        Types.floating(this, operands.get(0));
        Types.sameType(this, operands.get(0), operands.get(1));
        return List.of(operands.get(0));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        return Rules.elementwise(operands, operands.get(0).shape(), 1)
                .linearInEach(1)
                .build();
    }

    @Override
    public List<Integer> inPlaceOperands() {
        return List.of(0, 1);
    }

    @Override
    public long flops(List<TensorType> operands) {
        return 12 * operands.get(0).shape().numElements();
    }

    @Override
    public List<Tensor> decompose(List<Tensor> operands) {
        Tensor x = operands.get(0);
        Tensor dy = operands.get(1);
        return List.of(
                switch (activation) {
                    case RELU -> dy.mul(x.greaterThan(0).cast(x.dtype()));
                    case SIGMOID -> {
                        Tensor s = Activate.sigmoid(x);
                        yield dy.mul(s).mul(s.rsub(1));
                    }
                    case SILU -> {
                        Tensor s = Activate.sigmoid(x);
                        yield dy.mul(s.mul(s.rsub(1).mul(x).add(1)));
                    }
                    case TANH -> {
                        Tensor s = Activate.sigmoid(x.mul(2));
                        yield dy.mul(s).mul(s.rsub(1)).mul(4);
                    }
                    case GELU -> {
                        Tensor x2 = x.square();
                        double slope = 2 * Activate.GELU_SLOPE;
                        Tensor u = x2.mul(Activate.GELU_CUBIC).add(1).mul(x).mul(slope);
                        Tensor s = Activate.sigmoid(u);
                        Tensor du = x2.mul(3 * Activate.GELU_CUBIC).add(1).mul(slope);
                        yield dy.mul(s.add(x.mul(s).mul(s.rsub(1)).mul(du)));
                    }
                });
    }
}
