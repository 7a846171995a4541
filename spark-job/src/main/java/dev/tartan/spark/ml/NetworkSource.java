package dev.tartan.spark.ml;

import dev.tartan.network.MlpConfig;
import dev.tartan.network.MlpLoss;
import dev.tartan.network.NetworkFactory;
import dev.tartan.op.Activation;
import dev.tartan.train.config.NetworkText;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** Where a network comes from, as it travels to executors and is saved. */
sealed interface NetworkSource extends Serializable {
    /** Makes the network. */
    NetworkFactory factory();

    /** A network that text describes, as {@link NetworkText} reads it. */
    record Text(String text) implements NetworkSource {
        private static final long serialVersionUID = 1;

        @Override
        public NetworkFactory factory() {
            return NetworkText.parse(text);
        }
    }

    /** A network made by code, which Java serialization carries. */
    record Code(NetworkFactory factory) implements NetworkSource {
        private static final long serialVersionUID = 1;
    }

    /**
     * The built-in network; null if its layers are not set. Sizes that follow from the frame are asked for only then.
     */
    static @Nullable NetworkSource perceptron(
            LayerParams<?> params, IntSupplier inputs, IntSupplier outputs, MlpLoss loss) {
        if (!params.isDefined(params.hiddenLayers())) {
            return null;
        }
        return new Text(NetworkText.of(new MlpConfig(
                inputs.getAsInt(),
                Arrays.stream(params.getHiddenLayers()).boxed().toList(),
                outputs.getAsInt(),
                Activation.valueOf(params.getActivation().toUpperCase(Locale.ROOT)),
                loss)));
    }

    /**
     * The network of an estimator.
     *
     * @param layers the built-in network, if its layers are set
     * @throws IllegalArgumentException if there is not exactly one
     */
    static NetworkSource of(NetworkParams<?> params, @Nullable NetworkSource layers) {
        List<String> given = new ArrayList<>();
        NetworkSource source = null;
        if (layers != null) {
            given.add("hiddenLayers");
            source = layers;
        }
        NetworkFactory factory = params.network();
        if (factory != null) {
            given.add("network");
            source = new Code(factory);
        }
        if (!params.getNetworkClass().isEmpty()) {
            given.add("networkClass");
            source = new Text(NetworkText.of(params.getNetworkClass(), params.getNetworkConfig()));
        }
        if (source == null || given.size() > 1) {
            throw new IllegalArgumentException("estimator needs one network: estimator=" + params.uid() + ", given="
                    + given + ". Set hiddenLayers (of a classifier or regressor), network or networkClass.");
        }
        return source;
    }
}
