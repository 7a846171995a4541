package dev.tartan.dl4j;

import dev.tartan.network.Key;
import dev.tartan.network.NetworkConfig;
import dev.tartan.path.UriPath;
import dev.tartan.path.UserHome;
import java.nio.file.Path;
import java.util.List;

/**
 * A network of DL4J in a run config: {@code network { kind = dl4j, from = "model.zip" }}. The run begins with the
 * model's parameters, and with {@code optimizer.kind = dl4j} its updaters and their state.
 *
 * @param from a zip that {@code ModelSerializer} wrote, local or a URI
 * @param features the shape of a sample, such as {@code [3, 32, 32]}, where the configuration does not tell it
 * @param steps length of sequences, 0 if there are none
 * @param correct see {@link Dl4jOptions}
 */
public record Dl4jConfig(
        String from,
        @Key(byDefault = "[]") List<Integer> features,
        @Key(byDefault = "0", min = 0) int steps,
        @Key(byDefault = "false") boolean correct)
        implements NetworkConfig {
    /**
     * Reads the configuration, to refuse at once what is not known.
     *
     * @throws IllegalArgumentException if there is no model, or it cannot be trained here
     */
    public Dl4jConfig {
        features = List.copyOf(features);
        factory(from, features, steps, correct).create();
    }

    private static Dl4jFactory factory(String from, List<Integer> features, int steps, boolean correct) {
        String json = Dl4jModel.configuration(path(from));
        Dl4jOptions options = Dl4jOptions.none().steps(steps);
        if (!features.isEmpty()) {
            options = options.features(
                    features.stream().mapToLong(Integer::longValue).toArray());
        }
        return Dl4jFactory.of(json, correct ? options.correctly() : options);
    }

    private static Path path(String from) {
        return UriPath.of(UserHome.expand(from));
    }

    @Override
    public Dl4jNetwork create() {
        return factory().create();
    }

    /** What makes the network without the file, which a run may move. */
    public Dl4jFactory factory() {
        return factory(from, features, steps, correct);
    }

    /** The model itself, to begin with. */
    public Dl4jModel model() {
        return Dl4jModel.open(path(from));
    }

    /** What travels to executors, which may not see the file. */
    Object writeReplace() {
        return factory();
    }
}
