package dev.tartan.train.data;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The inputs of one step by name, dim 0 of each being the samples: {@code tokens: [batch, context+1]}, or {@code x:
 * [batch, inputs]} and {@code y: [batch]}.
 *
 * @param tensors every input, in a fixed order
 */
public record HostBatch(Map<String, HostTensor> tensors) {
    /** Name of the tokens of a text batch. */
    public static final String TOKENS = "tokens";

    /** Name of the input values of a classification batch. */
    public static final String X = "x";

    /** Name of the class labels of a classification batch. */
    public static final String Y = "y";

    public HostBatch {
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    }

    /**
     * The input of this name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public HostTensor tensor(String name) {
        HostTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException(
                    "batch has no such input: name=" + name + ", inputs=" + tensors.keySet() + ".");
        }
        return tensor;
    }

    /** Bytes of all inputs. */
    public long bytes() {
        return tensors.values().stream()
                .mapToLong(
                        tensor -> tensor.shape().numElements() * tensor.dtype().bytes())
                .sum();
    }
}
