package dev.tartan.dl4j;

import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Several inputs of each sample as rows of one batch, so that the layers between StackVertex and UnstackVertex are
 * applied to all alike. Here the rows of a sample follow each other, {@code [n, ...] x k -> [n/data * k, ...]}, where
 * DL4J has all first inputs before all second ones: so each rank keeps those of its own samples, and nothing between
 * the two can tell.
 */
final class StackedVertices {
    private StackedVertices() {}

    /** The rows of all inputs. */
    static Signal stacked(List<Signal> inputs) {
        List<@Nullable Tensor> masks = new ArrayList<>();
        inputs.forEach(in -> masks.add(in.mask()));
        if (masks.contains(null) && masks.stream().anyMatch(mask -> mask != null)) {
            throw new IllegalArgumentException("StackVertex has inputs with and without masks: inputs=" + inputs.size()
                    + ". Give masks for all of its inputs, or for none.");
        }
        Tensor value = rows(inputs.stream().map(Signal::value).toList());
        return new Signal(
                value,
                masks.contains(null)
                        ? null
                        : rows(masks.stream().map(Objects::requireNonNull).toList()));
    }

    private static Tensor rows(List<Tensor> parts) {
        long[] dims = parts.get(0).shape().dims();
        long[] apart = new long[dims.length + 1];
        System.arraycopy(dims, 0, apart, 0, 1);
        apart[1] = 1;
        System.arraycopy(dims, 1, apart, 2, dims.length - 1);
        Tensor together =
                Tensor.concat(1, parts.stream().map(part -> part.reshape(apart)).toList());
        dims[0] *= parts.size();
        return together.reshape(dims);
    }

    /** The rows of one of {@code count} inputs. */
    static Signal unstacked(Signal in, int from, int count) {
        Tensor mask = in.mask();
        return new Signal(part(in.value(), from, count), mask == null ? null : part(mask, from, count));
    }

    private static Tensor part(Tensor x, int from, int count) {
        long[] dims = x.shape().dims();
        long[] apart = new long[dims.length + 1];
        apart[0] = dims[0] / count;
        apart[1] = count;
        System.arraycopy(dims, 1, apart, 2, dims.length - 1);
        dims[0] /= count;
        return x.reshape(apart).slice(1, from, 1).reshape(dims);
    }
}
