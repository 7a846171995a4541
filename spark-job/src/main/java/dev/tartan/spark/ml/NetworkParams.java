package dev.tartan.spark.ml;

import dev.tartan.network.NetworkFactory;
import org.apache.spark.ml.param.Param;
import org.jspecify.annotations.Nullable;

/**
 * Which network an estimator trains: one made in code, or by the name of its class.
 *
 * @param <E> the estimator's class
 */
public interface NetworkParams<E> extends TrainingParams<E> {
    /** The class of the network, or of a record of its sizes, as in a config's {@code network.class}. */
    default Param<String> networkClass() {
        return new Param<>(uid(), "networkClass", "class of the network, or of a record of its sizes");
    }

    /** The sizes of the network of {@link #networkClass()} as JSON, such as <code>{"width": 64}</code>. */
    default Param<String> networkConfig() {
        return new Param<>(uid(), "networkConfig", "sizes of the network of networkClass, as JSON");
    }

    /** See {@link #networkClass()}. */
    default String getNetworkClass() {
        return getOrDefault(networkClass());
    }

    /** See {@link #networkClass()}. */
    default E setNetworkClass(String value) {
        return with(() -> set(networkClass(), value));
    }

    /** See {@link #networkConfig()}. */
    default String getNetworkConfig() {
        return getOrDefault(networkConfig());
    }

    /** See {@link #networkConfig()}. */
    default E setNetworkConfig(String value) {
        return with(() -> set(networkConfig(), value));
    }

    /** What makes the network; null if it is given otherwise. */
    @Nullable
    NetworkFactory network();

    /** Sets what makes the network: a lambda, or a record of sizes. It must be serializable. */
    E setNetwork(NetworkFactory factory);
}
