package dev.tartan.samediff;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ops.impl.controlflow.Select;
import org.nd4j.linalg.api.ops.impl.controlflow.compat.StopGradient;
import org.nd4j.linalg.api.ops.impl.shape.Flatten2D;
import org.nd4j.linalg.api.ops.impl.shape.StridedSlice;
import org.nd4j.linalg.api.ops.impl.transforms.pairwise.arithmetic.RealDivOp;
import org.nd4j.linalg.api.ops.impl.transforms.same.OneMinus;
import org.nd4j.linalg.factory.Nd4j;

/** Graphs for the ops of elementwise functions, reductions and shapes. */
final class OpCases {
    private final List<OpCase> cases = new ArrayList<>();

    private OpCases() {}

    static List<OpCase> all() {
        OpCases cases = new OpCases();
        cases.arithmetic();
        cases.comparisons();
        cases.functions();
        cases.activations();
        cases.reductions();
        cases.shapes();
        cases.indices();
        return cases.cases;
    }

    private void add(String name, Function<OpCase.Parts, SDVariable> output) {
        cases.add(new OpCase(name, output));
    }

    private void arithmetic() {
        add("add", p -> p.x(3).add(p.w(3)));
        add("add row", p -> p.x(3).add(p.w(1, 3)));
        add("add column", p -> p.x(2, 3).add(p.w(2, 1)));
        add("sub", p -> p.x(3).sub(p.x(3)));
        add("mul", p -> p.x(3).mul(p.x(3)));
        add("div", p -> p.x(3).div(p.positive(3)));
        add("rsub", p -> p.x(3).rsub(p.x(3)));
        add("rdiv", p -> p.positive(3).rdiv(p.x(3)));
        add("scalars", p -> p.x(3).add(0.5).sub(0.25).mul(3).div(1.5).rsub(2));
        add("rdiv scalar", p -> p.positive(3).rdiv(2));
        add("pow scalar", p -> p.positive(3).pow(1.5));
        add("pow", p -> p.sd.math.pow(p.positive(3), p.x(3)));
        add("max", p -> p.sd.math.max(p.x(3), p.x(3)));
        add("min", p -> p.sd.math.min(p.x(3), p.x(3)));
        add("base max", p -> p.sd.max(p.x(3), p.x(3)));
        add("base min", p -> p.sd.min(p.x(3), p.x(3)));
        add("scalar max", p -> p.sd.scalarMax(p.x(3), 0.2));
        add("scalar min", p -> p.sd.scalarMin(p.x(3), 0.2));
        add("squared difference", p -> p.x(3).squaredDifference(p.x(3)));
        add("merge add", p -> p.sd.math.mergeAdd(p.x(3), p.x(3), p.x(3)));
        add("clip by value", p -> p.sd.math.clipByValue(p.x(3), -0.4, 0.6));
        add("mmul", p -> p.x(3).mmul(p.w(3, 2)));
        add("mmul transposed right", p -> p.sd.mmul(p.x(3), p.w(2, 3), false, true, false));
        add("mmul transposed left", p -> p.sd.mmul(p.x(3), p.x(2), true, false, false));
        add("mmul transposed result", p -> p.sd.mmul(p.x(3), p.w(3, 2), false, false, true));
        add("mmul batches", p -> p.sd.mmul(p.x(2, 3), p.x(3, 2)));
        add("mmul batches transposed", p -> p.sd.mmul(p.x(2, 3), p.x(2, 3), false, true, false));
    }

    private static SDVariable numbers(SDVariable booleans) {
        return booleans.castTo(DataType.DOUBLE);
    }

    private void comparisons() {
        add("equal", p -> numbers(p.ints(3).eq(p.ints(3))).mul(p.x(3)));
        add("not equal", p -> numbers(p.ints(3).neq(p.ints(3))).mul(p.x(3)));
        add("less", p -> numbers(p.floats(3).lt(p.floats(3))).mul(p.x(3)));
        add("greater than", p -> numbers(p.floats(3).gt(p.floats(3))).mul(p.x(3)));
        add("greater or equal", p -> numbers(p.ints(3).gte(p.ints(3))).mul(p.x(3)));
        add("equal to number", p -> numbers(p.ints(3).eq(1)).mul(p.x(3)));
        add("not equal to number", p -> numbers(p.ints(3).neq(1)).mul(p.x(3)));
        add("less than number", p -> numbers(p.ints(3).lt(1)).mul(p.x(3)));
        add("less or equal to number", p -> numbers(p.ints(3).lte(1)).mul(p.x(3)));
        add("greater or equal to number", p -> numbers(p.ints(3).gte(1)).mul(p.x(3)));
        add("select", p -> new Select(p.sd, new SDVariable[] {p.floats(3).gt(0.1), p.x(3), p.x(3)}).outputVariable());
        add("merge average", p -> p.sd.math.mergeAvg(p.x(3), p.x(3), p.x(3)));
        add("merge max", p -> p.sd.math.mergeMax(p.x(3), p.x(3), p.x(3)));
        add("real div", p -> new RealDivOp(p.sd, new SDVariable[] {p.x(3), p.positive(3)}, false).outputVariable());
        add("set", p -> p.sd.scalarSet(p.x(3), 2.5).add(p.x(3)));
    }

    private void functions() {
        add("one minus", p -> new OneMinus(p.sd, p.x(3), false).outputVariable());
        add(
                "stop gradient",
                p -> new StopGradient(p.sd, p.x(3)).outputVariable().add(p.x(3)));
        add("neg", p -> p.sd.math.neg(p.x(3)));
        add("abs", p -> p.sd.math.abs(p.x(3)));
        add("exp", p -> p.sd.math.exp(p.x(3)));
        add("expm1", p -> p.sd.math.expm1(p.x(3)));
        add("log", p -> p.sd.math.log(p.positive(3)));
        add("log1p", p -> p.sd.math.log1p(p.positive(3)));
        add("log base", p -> p.sd.math.log(p.positive(3), 2));
        add("sqrt", p -> p.sd.math.sqrt(p.positive(3)));
        add("rsqrt", p -> p.sd.math.rsqrt(p.positive(3)));
        add("square", p -> p.sd.math.square(p.x(3)));
        add("cube", p -> p.sd.math.cube(p.x(3)));
        add("reciprocal", p -> p.sd.math.reciprocal(p.positive(3)));
        add("sin", p -> p.sd.math.sin(p.x(3)));
        add("cos", p -> p.sd.math.cos(p.x(3)));
        add("sign", p -> p.sd.math.sign(p.x(3)).mul(p.x(3)));
        add("floor", p -> p.sd.math.floor(p.x(3).mul(3)).mul(p.x(3)));
        add("tanh", p -> p.sd.math.tanh(p.x(3)));
        add("identity", p -> p.sd.identity(p.x(3)));
        add("zeros like", p -> p.sd.zerosLike(p.x(3)).add(p.x(3)));
        add("ones like", p -> p.sd.onesLike(p.x(3)).add(p.x(3)));
        add(
                "cast there and back",
                p -> p.x(3).castTo(DataType.FLOAT).castTo(DataType.DOUBLE).add(p.x(3)));
        add("cast of integers", p -> p.ints(3).castTo(DataType.DOUBLE).mul(p.x(3)));
        add("greater", p -> p.x(3).gt(0.1).castTo(DataType.DOUBLE).mul(p.x(3)));
        add("compare", p -> p.x(3).lte(p.x(3)).castTo(DataType.DOUBLE).mul(p.x(3)));
        add("where", p -> p.sd.where(p.x(3), p.x(3), p.floats(3).gt(0.1)));
    }

    private void activations() {
        add("sigmoid", p -> p.sd.nn.sigmoid(p.x(3)));
        add("relu", p -> p.sd.nn.relu(p.x(3), 0));
        add("relu6", p -> p.sd.nn.relu6(p.x(3).mul(5), 0));
        add("elu", p -> p.sd.nn.elu(p.x(3)));
        add("selu", p -> p.sd.nn.selu(p.x(3)));
        add("leaky relu", p -> p.sd.nn.leakyRelu(p.x(3), 0.125));
        add("softplus", p -> p.sd.nn.softplus(p.x(3)));
        add("softsign", p -> p.sd.nn.softsign(p.x(3)));
        add("swish", p -> p.sd.nn.swish(p.x(3)));
        add("gelu", p -> p.sd.nn.gelu(p.x(3)));
        add("precise gelu", p -> p.sd.nn.preciseGelu(p.x(3)));
        add("hard sigmoid", p -> p.sd.nn.hardSigmoid(p.x(3).mul(2)));
        add("hard tanh", p -> p.sd.nn.hardTanh(p.x(3)));
        add("rational tanh", p -> p.sd.math.rationalTanh(p.x(3)));
        add("rectified tanh", p -> p.sd.math.rectifiedTanh(p.x(3)));
        add("log sigmoid", p -> p.sd.nn.logSigmoid(p.x(3)));
        add("softmax", p -> p.sd.nn.softmax(p.x(3)));
        add("softmax of dim 1", p -> p.sd.nn.softmax(p.x(3, 2), 1));
        add("log softmax", p -> p.sd.nn.logSoftmax(p.x(3)));
        add("log softmax of dim 1", p -> p.sd.nn.logSoftmax(p.x(3, 2), 1));
        add("prelu", p -> p.sd.nn.prelu(p.x(3, 2), p.w(3, 1), 2));
    }

    private void reductions() {
        add("sum", p -> p.x(3, 2).sum(1));
        add("sum kept", p -> p.x(3, 2).sum(true, 2));
        add("sum of all", p -> p.x(3, 2).sum());
        add("mean", p -> p.x(3, 2).mean(1, 2));
        add("mean of all", p -> p.x(3, 2).mean());
        add("mean kept", p -> p.x(3, 2).mean(true, 2));
        add("reduce max", p -> p.x(3, 2).max(1));
        add("reduce max kept", p -> p.x(3, 2).max(true, 2));
        add("reduce min", p -> p.x(3, 2).min(1));
        add("prod", p -> p.x(3, 2).prod(2));
        add("norm1", p -> p.x(3, 2).norm1(1));
        add("norm2", p -> p.x(3, 2).norm2(1));
        add("squared norm", p -> p.sd.math.squaredNorm(p.x(3, 2), 1));
        add("norm max", p -> p.x(3, 2).normmax(1));
        add("log sum exp", p -> p.sd.math.logSumExp(p.x(3, 2), 1));
        add("variance", p -> p.sd.variance(p.x(3, 2), false, 1));
        add("variance corrected", p -> p.sd.variance(p.x(3, 2), true, 1));
        add("standard deviation", p -> p.x(3, 2).std(true, 1));
        add("moments", p -> {
            SDVariable[] moments = p.sd.math.moments(p.x(3, 2), new int[] {1}, false);
            return moments[0].add(moments[1]);
        });
        add("standardize", p -> p.sd.math.standardize(p.x(5), 1));
        add("sum of absolutes", p -> p.sd.math.asum(p.x(3, 2), 1));
        add("largest absolute", p -> p.sd.math.reduceAMax(p.x(3, 2), 1));
        add("smallest absolute", p -> p.sd.math.reduceAmin(p.x(3, 2), 1));
        add("mean absolute", p -> p.sd.math.reduceAmean(p.x(3, 2), 1));
    }

    private void shapes() {
        add("reshape", p -> p.x(3, 2).reshape(-1, 6));
        add("reshape by constant", p -> p.x(3, 2).reshape(p.sd.constant(Nd4j.createFromArray(-1L, 2, 3))));
        add("permute", p -> p.x(3, 2).permute(0, 2, 1));
        add("transpose", p -> p.sd.transpose(p.x(3)));
        add("concat", p -> p.sd.concat(1, p.x(3), p.x(2)));
        add("stack", p -> p.sd.stack(1, p.x(3), p.x(3)));
        add("unstack", p -> {
            SDVariable[] parts = p.sd.unstack(p.x(2, 3), 1, 2);
            return parts[0].sub(parts[1].mul(2));
        });
        add("slice", p -> p.sd.slice(p.x(5, 3), new int[] {0, 1, 0}, 4, 3, 2));
        add("strided slice", p -> p.sd.stridedSlice(p.x(5, 3), new long[] {0, 1, 0}, new long[] {4, 4, 3}, 1, 1, 1));
        add(
                "strided slice of masks",
                p -> new StridedSlice(
                                p.sd,
                                p.x(5, 3),
                                new long[] {0, 1, 1},
                                new long[] {0, -1, 2},
                                new long[] {1, 1, 1},
                                1,
                                1,
                                0,
                                0,
                                4)
                        .outputVariable());
        add("split", p -> {
            SDVariable[] parts = p.sd.split(p.x(6), 3, 1);
            return parts[0].mul(parts[1]).sub(parts[2]);
        });
        add("split into sizes", p -> {
            SDVariable[] parts = p.sd.splitV(p.x(6), p.sd.constant(Nd4j.createFromArray(1, 2, 3)), 3, 1);
            return p.sd.concat(1, parts[2], parts[0], parts[1]);
        });
        add("flatten", p -> new Flatten2D(p.sd, p.x(3, 2), 1).outputVariable());
        add("expand dims", p -> p.sd.expandDims(p.x(3), 1));
        add("squeeze", p -> p.sd.squeeze(p.x(1, 3), 1));
        add("tile", p -> p.sd.tile(p.x(3), 1, 2));
        add("reverse", p -> p.sd.reverse(p.x(3, 2), 1));
        add("pad", p -> p.sd.nn.pad(p.x(3), p.sd.constant(Nd4j.createFromArray(new int[][] {{0, 0}, {1, 2}})), 0));
    }

    private void indices() {
        add("gather", p -> p.sd.gather(p.w(3, 5), p.ints(2), 0));
        add("gather of constant indices", p -> p.sd.gather(p.x(4), new int[] {2, 0, 2}, 1));
        add("arg max", p -> numbers(p.sd.argmax(p.floats(5), 1)).mul(p.x()));
        add("arg min", p -> numbers(p.sd.argmin(p.floats(5), true, 1)).mul(p.x(1)));
        add("one hot", p -> p.sd.oneHot(p.ints(2), 3, -1, 1, 0, DataType.DOUBLE).mul(p.w(3)));
        add(
                "one hot in dim 1",
                p -> p.sd.oneHot(p.ints(2), 3, 1, 2, -1, DataType.DOUBLE).mul(p.w(3, 1)));
        add(
                "embedding of constant",
                p -> p.sd.gather(p.constant(3, 5), p.ints(2), 0).mul(p.w(5)));
    }
}
