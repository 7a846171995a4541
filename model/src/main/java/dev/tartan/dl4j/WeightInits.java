package dev.tartan.dl4j;

import dev.tartan.network.Initializer;
import dev.tartan.network.Initializers;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.distribution.ConstantDistribution;
import org.deeplearning4j.nn.conf.distribution.Distribution;
import org.deeplearning4j.nn.conf.distribution.GaussianDistribution;
import org.deeplearning4j.nn.conf.distribution.NormalDistribution;
import org.deeplearning4j.nn.conf.distribution.TruncatedNormalDistribution;
import org.deeplearning4j.nn.conf.distribution.UniformDistribution;
import org.deeplearning4j.nn.weights.IWeightInit;
import org.deeplearning4j.nn.weights.WeightInitConstant;
import org.deeplearning4j.nn.weights.WeightInitDistribution;
import org.deeplearning4j.nn.weights.WeightInitLecunUniform;
import org.deeplearning4j.nn.weights.WeightInitNormal;
import org.deeplearning4j.nn.weights.WeightInitRelu;
import org.deeplearning4j.nn.weights.WeightInitReluUniform;
import org.deeplearning4j.nn.weights.WeightInitSigmoidUniform;
import org.deeplearning4j.nn.weights.WeightInitUniform;
import org.deeplearning4j.nn.weights.WeightInitXavier;
import org.deeplearning4j.nn.weights.WeightInitXavierUniform;
import org.jspecify.annotations.Nullable;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.databind.JsonNode;

/**
 * DL4J's weight initializations: the same distributions, other random numbers. One that is not known is refused when it
 * is asked for a number, since a network that begins with given parameters never does so.
 */
@SuppressWarnings("deprecation") // What users still have.
final class WeightInits {
    private WeightInits() {}

    /** The initial values of weights with so many inputs and outputs a unit. */
    static Initializer of(@Nullable IWeightInit init, double fanIn, double fanOut) {
        if (init instanceof WeightInitXavier) {
            return Initializers.normal(Math.sqrt(2 / (fanIn + fanOut)));
        } else if (init instanceof WeightInitRelu) {
            return Initializers.normal(Math.sqrt(2 / fanIn));
        } else if (init instanceof WeightInitNormal) {
            return Initializers.normal(Math.sqrt(1 / fanIn));
        } else if (init instanceof WeightInitXavierUniform) {
            return Initializers.uniform(Math.sqrt(6 / (fanIn + fanOut)));
        } else if (init instanceof WeightInitReluUniform) {
            return Initializers.uniform(Math.sqrt(6 / fanIn));
        } else if (init instanceof WeightInitUniform) {
            return Initializers.uniform(1 / Math.sqrt(fanIn));
        } else if (init instanceof WeightInitLecunUniform) {
            return Initializers.uniform(3 / Math.sqrt(fanIn));
        } else if (init instanceof WeightInitSigmoidUniform) {
            return Initializers.uniform(4 * Math.sqrt(6 / (fanIn + fanOut)));
        } else if (init instanceof WeightInitConstant constant) {
            return Initializers.constant(written(constant).get("value").asDouble());
        } else if (init instanceof WeightInitDistribution drawn) {
            return of(distribution(drawn));
        }
        return unknown(init == null ? "none" : init.getClass().getSimpleName());
    }

    /** What the class keeps to itself, it writes. */
    private static JsonNode written(IWeightInit init) {
        return NeuralNetConfiguration.mapper().valueToTree(init);
    }

    private static Distribution distribution(WeightInitDistribution init) {
        try {
            return NeuralNetConfiguration.mapper().treeToValue(written(init).get("distribution"), Distribution.class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("distribution of weights cannot be read: init=" + init + ".", e);
        }
    }

    private static Initializer of(Distribution distribution) {
        if (distribution instanceof NormalDistribution d) {
            return shifted(Initializers.normal(d.getStd()), d.getMean());
        } else if (distribution instanceof GaussianDistribution d) {
            return shifted(Initializers.normal(d.getStd()), d.getMean());
        } else if (distribution instanceof TruncatedNormalDistribution d) {
            return shifted(Initializers.truncatedNormal(d.getStd()), d.getMean());
        } else if (distribution instanceof UniformDistribution d) {
            double half = (d.getUpper() - d.getLower()) / 2;
            return shifted(Initializers.uniform(half), d.getLower() + half);
        } else if (distribution instanceof ConstantDistribution d) {
            return Initializers.constant(d.getValue());
        }
        return unknown(distribution.getClass().getSimpleName());
    }

    private static Initializer shifted(Initializer numbers, double by) {
        return (shape, seed, stream) -> {
            Initializer.Elements elements = numbers.elements(shape, seed, stream);
            return index -> (float) (elements.at(index) + by);
        };
    }

    private static Initializer unknown(String name) {
        return (shape, seed, stream) -> {
            throw new IllegalArgumentException("weight initialization is not known: initialization=" + name + ", shape="
                    + shape + ". Give initial parameters, such as those of a DL4J model, or use another one.");
        };
    }

    /** The bias of an LSTM: that of its forget gates, and zeros. */
    static Initializer forgetGates(long units, double value) {
        return (shape, seed, stream) -> index -> index >= units && index < 2 * units ? (float) value : 0;
    }
}
