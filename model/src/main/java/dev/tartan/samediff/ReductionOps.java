package dev.tartan.samediff;

import dev.tartan.graph.Reduction;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Tensor;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ops.BaseReduceOp;
import org.nd4j.linalg.api.ops.impl.summarystats.Variance;

/** Ops that combine the elements over some dims, which disappear or are kept with size 1. */
final class ReductionOps {
    /** A function of a tensor and the dims that are reduced. */
    @FunctionalInterface
    private interface Over {
        Tensor apply(Tensor x, int[] dims);
    }

    private ReductionOps() {}

    static void addTo(Map<String, OpRule> rules) {
        of(rules, Tensor::sum, "reduce_sum");
        of(rules, (x, dims) -> x.reduce(Reduction.MAX, dims), "reduce_max");
        of(rules, (x, dims) -> x.reduce(Reduction.MIN, dims), "reduce_min");
        of(rules, ReductionOps::product, "reduce_prod");
        of(rules, (x, dims) -> x.abs().sum(dims), "reduce_norm1", "asum");
        of(rules, (x, dims) -> x.square().sum(dims).sqrt(), "reduce_norm2");
        of(rules, (x, dims) -> x.square().sum(dims), "reduce_sqnorm");
        of(rules, (x, dims) -> x.abs().reduce(Reduction.MAX, dims), "reduce_normmax", "amax");
        of(rules, (x, dims) -> x.abs().reduce(Reduction.MIN, dims), "amin");
        of(rules, (x, dims) -> mean(x.abs(), dims), "amean");
        rules.put("reduce_mean", ReductionOps::mean);
        rules.put("var", call -> List.of(variance(call)));
        rules.put("std", call -> List.of(variance(call).sqrt()));
        rules.put("moments", ReductionOps::moments);
        rules.put("reduce_logsumexp", ReductionOps::logSumExp);
    }

    private static void of(Map<String, OpRule> rules, Over function, String... names) {
        for (String name : names) {
            rules.put(name, call -> {
                Tensor x = call.in(0);
                int[] dims = call.reducedDims(x);
                return List.of(kept(function.apply(x, dims), x, dims, keeps(call)));
            });
        }
    }

    private static boolean keeps(OpCall call) {
        return call.function() instanceof BaseReduceOp reduce ? reduce.isKeepDims() : call.flagAt(0, false);
    }

    /** The shape of {@code x} with size 1 in {@code dims}. */
    static Shape ones(Shape x, int... dims) {
        Shape shape = x;
        for (int dim : dims) {
            shape = shape.with(dim, 1);
        }
        return shape;
    }

    private static Tensor kept(Tensor reduced, Tensor x, int[] dims, boolean keep) {
        return keep ? reduced.reshape(ones(x.shape(), dims)) : reduced;
    }

    /** The mean over {@code dims}, which disappear. */
    static Tensor mean(Tensor x, int... dims) {
        long count = 1;
        for (int dim : dims) {
            count *= x.shape().dim(dim);
        }
        return x.sum(dims).div((double) count);
    }

    /** The mean over {@code dims}, which are kept with size 1. */
    static Tensor keptMean(Tensor x, int... dims) {
        return mean(x, dims).reshape(ones(x.shape(), dims));
    }

    private static List<Tensor> mean(OpCall call) {
        Tensor x = call.in(0);
        int[] dims = call.reducedDims(x);
        boolean ofAll = dims.length == x.numDims();
        Tensor mean = ofAll && call.isMeanOfSamples(x) ? call.pass().mean(x) : mean(x, dims);
        return List.of(kept(mean, x, dims, keeps(call)));
    }

    /** Element by element, so that zeros and signs need no care. */
    private static Tensor product(Tensor x, int... dims) {
        Tensor product = x;
        for (int i = dims.length - 1; i >= 0; i--) {
            int dim = dims[i];
            Tensor joined = product.slice(dim, 0, 1);
            for (long k = 1; k < product.shape().dim(dim); k++) {
                joined = joined.mul(product.slice(dim, k, 1));
            }
            product = joined.sum(dim);
        }
        return product;
    }

    private static Tensor variance(OpCall call) {
        Tensor x = call.in(0);
        int[] dims = call.reducedDims(x);
        boolean corrected = call.function() instanceof Variance variance && variance.isBiasCorrected();
        Tensor y = x.sub(keptMean(x, dims)).square();
        long count = y.shape().numElements() / mean(y, dims).shape().numElements();
        Tensor result = corrected ? y.sum(dims).div((double) count - 1) : mean(y, dims);
        return kept(result, x, dims, keeps(call));
    }

    private static List<Tensor> moments(OpCall call) {
        Tensor x = call.in(0);
        int[] dims = call.reducedDims(x);
        Tensor mean = keptMean(x, dims);
        Tensor variance = mean(x.sub(mean).square(), dims);
        boolean keep = call.flagAt(0, false);
        return List.of(keep ? mean : mean.reshape(variance.shape()), kept(variance, x, dims, keep));
    }

    private static List<Tensor> logSumExp(OpCall call) {
        Tensor x = call.in(0);
        int[] dims = call.reducedDims(x);
        Tensor largest = x.reduce(Reduction.MAX, dims).stopGradient();
        Tensor sum = x.sub(largest.reshape(ones(x.shape(), dims))).exp().sum(dims);
        return List.of(kept(sum.log().add(largest), x, dims, call.realAt(0, 0) != 0 || call.flagAt(0, false)));
    }
}
