package dev.tartan.spark.ml;

import dev.tartan.op.Activation;
import java.util.Arrays;
import org.apache.spark.ml.param.IntArrayParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamValidators;

/**
 * The built-in network, a multilayer perceptron.
 *
 * @param <E> the estimator's class
 */
public interface LayerParams<E> extends NetworkParams<E> {
    /** Widths of the hidden layers, from the features on. */
    default IntArrayParam hiddenLayers() {
        return new IntArrayParam(
                this, "hiddenLayers", "widths of the hidden layers of a multilayer perceptron, each >= 1");
    }

    /**
     * What is between the layers: an {@link Activation} in lower case, such as {@code relu} or {@code hard_sigmoid}.
     */
    default Param<String> activation() {
        String[] words =
                Arrays.stream(Activation.values()).map(Activation::label).toArray(String[]::new);
        return new Param<>(
                uid(), "activation", "between layers: " + String.join(", ", words), ParamValidators.inArray(words));
    }

    /** See {@link #hiddenLayers()}. */
    default int[] getHiddenLayers() {
        return getOrDefault(hiddenLayers());
    }

    /** See {@link #hiddenLayers()}. */
    default E setHiddenLayers(int[] value) {
        return with(() -> set(hiddenLayers(), value.clone()));
    }

    /** See {@link #activation()}. */
    default String getActivation() {
        return getOrDefault(activation());
    }

    /** See {@link #activation()}. */
    default E setActivation(String value) {
        return with(() -> set(activation(), value));
    }
}
