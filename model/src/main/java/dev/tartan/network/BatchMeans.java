package dev.tartan.network;

import dev.tartan.graph.Node;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Tensor;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The means of a batch and what they were divided by, so that means of several batches can be joined exactly. */
final class BatchMeans {
    private final Map<String, Tensor> reports = new LinkedHashMap<>();
    /** By the means; null where all elements count the same. */
    private final Map<Value, @Nullable Tensor> divisors = new LinkedHashMap<>();

    private @Nullable Tensor sampleWeights;
    private @Nullable Tensor sampleWeightSum;

    void begin(@Nullable Tensor weights) {
        sampleWeights = weights;
        sampleWeightSum = null;
        reports.clear();
        divisors.clear();
    }

    @Nullable
    Tensor sampleWeights() {
        return sampleWeights;
    }

    Tensor mean(Tensor x, @Nullable Tensor weights) {
        Tensor samples = sampleWeights;
        if (samples == null && weights == null) {
            Tensor mean = x.meanAll();
            divisors.put(mean.value(), null);
            return mean;
        }
        if (weights != null && !weights.shape().equals(x.shape())) {
            throw new IllegalArgumentException("weights of a mean have another shape: x=" + x.shape() + ", weights="
                    + weights.shape() + ". Give a weight for each element.");
        }
        Tensor counted;
        if (samples == null) {
            counted = Objects.requireNonNull(weights);
        } else {
            checkBatch(x, samples);
            Tensor each = samples.reshape(perSample(x.shape())).broadcastTo(x.shape());
            counted = weights == null ? each : weights.mul(each);
        }
        Tensor sum = weights == null ? sampleSum(x) : counted.sumAll();
        // Of weights that are all zero the mean is 0, not NaN.
        Tensor divisor = sum.max(Float.MIN_NORMAL);
        Tensor mean = x.mul(counted).sumAll().div(divisor);
        divisors.put(mean.value(), sum);
        return mean;
    }

    /** All weights of samples, each once for every element of a sample; made once, so that means have it in common. */
    private Tensor sampleSum(Tensor x) {
        if (sampleWeights == null) {
            throw new IllegalStateException("samples have no weights");
        }
        if (sampleWeightSum == null) {
            sampleWeightSum = sampleWeights.sumAll();
        }
        long elements = x.shape().numElements() / x.shape().dim(0);
        return elements == 1 ? sampleWeightSum : sampleWeightSum.mul(elements);
    }

    private static void checkBatch(Tensor x, Tensor samples) {
        if (x.numDims() == 0 || x.shape().dim(0) != samples.shape().dim(0)) {
            throw new IllegalArgumentException("mean is not of a batch, though its samples have weights: shape="
                    + x.shape() + ", batch=" + samples.shape().dim(0)
                    + ". Give ForwardPass.mean the losses of samples, [batch, ...].");
        }
    }

    private static Shape perSample(Shape shape) {
        Shape ones = shape;
        for (int dim = 1; dim < shape.numDims(); dim++) {
            ones = ones.with(dim, 1);
        }
        return ones;
    }

    void report(String name, Tensor value) {
        if (value.numDims() != 0) {
            throw new IllegalArgumentException("reported value is no scalar: name=" + name + ", shape=" + value.shape()
                    + ". Report a mean, such as ForwardPass.mean gives.");
        }
        if (name.isBlank() || reports.putIfAbsent(name, value) != null) {
            throw new IllegalArgumentException(
                    "reported name is empty or taken: name='" + name + "'. Give each value a name of its own.");
        }
    }

    Map<String, Tensor> reports() {
        return Collections.unmodifiableMap(new LinkedHashMap<>(reports));
    }

    @Nullable
    Tensor divisor(Tensor result) {
        Set<@Nullable Tensor> own = new LinkedHashSet<>();
        meansOf(result).forEach(mean -> own.add(divisors.get(mean)));
        if (own.isEmpty() && sampleWeights != null) {
            throw new IllegalArgumentException("samples have weights, and the network takes no mean by them."
                    + " Use ForwardPass.mean for means over samples in Network.loss.");
        }
        if (own.size() > 1) {
            throw new IllegalArgumentException("means of different weights are joined to one value, which several"
                    + " batches cannot be joined by: means=" + own.size()
                    + ". Report them one by one, or use one weighting.");
        }
        return own.isEmpty() ? null : own.iterator().next();
    }

    /** The means that a value is, or is computed from. */
    private Set<Value> meansOf(Tensor result) {
        Set<Value> reached = new HashSet<>(Set.of(result.value()));
        Set<Value> means = new LinkedHashSet<>();
        if (divisors.containsKey(result.value())) {
            means.add(result.value());
            return means;
        }
        List<Node> nodes = result.graph().nodes();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            if (Collections.disjoint(node.results(), reached)) {
                continue;
            }
            List<Value> here =
                    node.results().stream().filter(divisors::containsKey).toList();
            means.addAll(here);
            if (here.isEmpty()) {
                reached.addAll(node.operands());
            }
        }
        return means;
    }
}
