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
                    case SOFTSIGN -> dy.div(x.abs().add(1).square());
                    case HARD_SIGMOID ->
                        dy.mul(isWithin(x, Activate.HARD_SIGMOID_KINK)).mul(Activate.HARD_SIGMOID_SLOPE);
                    case CUBE -> dy.mul(x.square()).mul(3);
                    case HARD_TANH -> dy.mul(isWithin(x, 1));
                    case RATIONAL_TANH -> dy.mul(rationalTanhSlope(x.abs().mul(2.0 / 3)));
                    case RECTIFIED_TANH ->
                        dy.mul(x.tanh().square().rsub(1)).mul(x.greaterThan(0).cast(x.dtype()));
                    case RELU6 ->
                        dy.mul(x.greaterThan(0).cast(x.dtype()))
                                .mul(x.lessThan(6).cast(x.dtype()));
                    case SELU -> {
                        Tensor below = Activate.expBelowZero(x).mul(Activate.SELU_ALPHA);
                        Tensor slope = Tensor.select(x.greaterThan(0), x.filled(1), below);
                        yield dy.mul(slope).mul(Activate.SELU_SCALE);
                    }
                    case SOFTPLUS -> dy.mul(Activate.sigmoid(x));
                    case MISH -> dy.mul(mishSlope(x));
                    case ELU -> dy.mul(Activate.expBelowZero(x));
                });
    }

    /** 1 where |x| <= limit, else 0. */
    private static Tensor isWithin(Tensor x, double limit) {
        return x.abs().lessEqual(x.scalar(limit)).cast(x.dtype());
    }

    /** The slope at |x| = 1.5 {@code distance}. */
    private static Tensor rationalTanhSlope(Tensor distance) {
        Tensor cube = distance.square().mul(distance).mul(Activate.RATIONAL_TANH_QUARTIC);
        Tensor root = cube.add(distance).add(1).mul(distance).add(1);
        Tensor inner = cube.mul(4).add(distance.mul(2)).add(1);
        // Two quotients, because the square of the root may overflow a float.
        return inner.div(root).div(root).mul(Activate.RATIONAL_TANH_SCALE * 2 / 3);
    }

    /** tanh(log(1 + e)) + x times its derivative, 4 e (1 + e) / (w + 2)^2. */
    private static Tensor mishSlope(Tensor x) {
        Tensor e = Activate.mishExp(x);
        Tensor w = Activate.mishTerm(e);
        Tensor rest = w.add(2);
        return w.add(e.add(1).mul(e).div(rest).mul(x).mul(4)).div(rest);
    }
}
