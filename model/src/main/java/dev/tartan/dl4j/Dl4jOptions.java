package dev.tartan.dl4j;

import dev.tartan.mesh.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a DL4J configuration does not say about the network. Immutable.
 *
 * @param features shapes of samples by network input, which for a {@code MultiLayerConfiguration} is {@link #INPUT}
 * @param steps length of sequences, those of shorter ones being filled up and masked; 0 if not given
 * @param batch samples of a step, for truncated backpropagation through time, whose states go from step to step; 0 if
 *     not given
 * @param correct whether to compute what is meant where DL4J does otherwise; see the README
 */
public record Dl4jOptions(Map<String, Shape> features, long steps, long batch, boolean correct) {
    /** The name of the input of a network that has one and does not name it. */
    public static final String INPUT = "input";

    public Dl4jOptions {
        features = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(features));
    }

    /** Nothing but the configuration itself. */
    public static Dl4jOptions none() {
        return new Dl4jOptions(Map.of(), 0, 0, false);
    }

    /** These options with the shape of a sample, such as {@code [channels, height, width]}. */
    public Dl4jOptions features(long... sampleShape) {
        return features(INPUT, Shape.shape(sampleShape));
    }

    /** These options with the shape of a sample of one of several inputs. */
    public Dl4jOptions features(String input, Shape sampleShape) {
        Map<String, Shape> more = new LinkedHashMap<>(features);
        more.put(input, sampleShape);
        return new Dl4jOptions(more, steps, batch, correct);
    }

    /** These options with sequences of so many steps. */
    public Dl4jOptions steps(long count) {
        return new Dl4jOptions(features, count, batch, correct);
    }

    /** These options with so many samples in a step. */
    public Dl4jOptions batch(long samples) {
        return new Dl4jOptions(features, steps, samples, correct);
    }

    /** These options with what is meant where DL4J computes something else. */
    public Dl4jOptions correctly() {
        return new Dl4jOptions(features, steps, batch, true);
    }

    @Nullable
    Shape featuresOf(String input) {
        return features.get(input);
    }
}
