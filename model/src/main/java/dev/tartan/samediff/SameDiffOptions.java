package dev.tartan.samediff;

import dev.tartan.mesh.Shape;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a SameDiff graph does not say about its training. Immutable.
 *
 * @param samples shapes of samples by placeholder, without the dim of the batch
 * @param outputs variables that {@link SameDiffNetwork#outputs} gives; null for what the graph names as outputs or, if
 *     it names none, what no op reads; losses are left out. Their ops must be known too
 * @param correct whether to compute what is meant where SameDiff does otherwise: losses that are scaled, precise gelu
 */
public record SameDiffOptions(
        Map<String, Shape> samples, @Nullable List<String> outputs, boolean correct) {
    public SameDiffOptions {
        samples = Collections.unmodifiableMap(new LinkedHashMap<>(samples));
        outputs = outputs == null ? null : List.copyOf(outputs);
    }

    /** Nothing but the graph itself. */
    public static SameDiffOptions none() {
        return new SameDiffOptions(Map.of(), null, false);
    }

    /** These options with the shape of a sample of a placeholder, such as {@code sample("input", 3, 32, 32)}. */
    public SameDiffOptions sample(String placeholder, long... dims) {
        Map<String, Shape> more = new LinkedHashMap<>(samples);
        more.put(placeholder, Shape.shape(dims));
        return new SameDiffOptions(more, outputs, correct);
    }

    /** These options with the variables that inference gives. */
    public SameDiffOptions outputs(String... variables) {
        return new SameDiffOptions(samples, List.of(variables), correct);
    }

    /** These options with what is meant where SameDiff computes something else. */
    public SameDiffOptions correctly() {
        return new SameDiffOptions(samples, outputs, true);
    }
}
