package dev.tartan.dl4j;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.mesh.Shape;
import dev.tartan.network.BatchField;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.layers.BaseRecurrentLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.RnnToFeedForwardPreProcessor;
import org.jspecify.annotations.Nullable;

/** Finds the shapes of samples: those of features by options and first layers, those of labels by tracing. */
record FieldShapes(NetworkPlan plan, Dl4jOptions options) {
    /**
     * The fields of a batch.
     *
     * @param outputs from shapes of features to those of {@code [1, ...]} outputs before their activations
     * @throws IllegalArgumentException if the shape of an input cannot be told
     */
    List<BatchField> fields(Function<Map<String, Shape>, Map<String, Shape>> outputs) {
        Map<String, Shape> features = new LinkedHashMap<>();
        plan.inputs().forEach(input -> features.put(input, part(features(input))));
        List<BatchField> fields = new ArrayList<>();
        features.forEach((input, shape) -> fields.add(BatchField.floats(plan.features(input), shape.dims())));
        outputs.apply(features).forEach((name, z) -> {
            Shape labels = plan.output(name).labels(z);
            fields.add(BatchField.floats(plan.labels(name), labels.dims()));
            if (plan.output(name).takesMask()) {
                fields.add(BatchField.floats(plan.labelsMask(name), mask(labels).dims())
                        .optionally());
            }
        });
        features.forEach((input, shape) -> {
            if (isSequence(input, shape)) {
                fields.add(BatchField.floats(plan.featuresMask(input), shape.dim(-1))
                        .optionally());
            }
        });
        if (plan.backpropSteps() > 0) {
            fields.add(BatchField.floats(Dl4jNetwork.CONTINUED, 1).optionally());
        }
        return List.copyOf(fields);
    }

    /** One number a sample, a step or a pixel. */
    private static Shape mask(Shape labels) {
        return switch (labels.numDims()) {
            case 1 -> shape(1);
            case 2 -> shape(labels.dim(1));
            default -> labels.with(0, 1);
        };
    }

    private boolean isSequence(String input, Shape shape) {
        NetworkNode node = plan.firstLayer(input);
        boolean ofNumbers = node != null && conf(node) instanceof EmbeddingSequenceLayer;
        return ofNumbers || shape.numDims() == 2;
    }

    private static @Nullable Layer conf(NetworkNode node) {
        LayerModule module = node.layer();
        return module == null ? null : module.conf();
    }

    /** Parts of the sequences of truncated backpropagation. */
    long numParts() {
        return (steps() + plan.backpropSteps() - 1) / plan.backpropSteps();
    }

    /** Steps of whole sequences. */
    long steps() {
        return features(plan.inputs().get(0)).dim(-1);
    }

    /** Steps of a part: sequences that are shorter are one part. */
    int partSteps() {
        return (int) Math.min(plan.backpropSteps(), steps());
    }

    private Shape part(Shape features) {
        return plan.backpropSteps() == 0 ? features : features.with(features.numDims() - 1, partSteps());
    }

    private Shape features(String input) {
        Shape given = options.featuresOf(input);
        if (given == null && plan.inputs().size() == 1) {
            given = options.featuresOf(Dl4jOptions.INPUT);
        }
        if (given != null) {
            return given;
        }
        NetworkNode node = plan.firstLayer(input);
        Shape told = node == null ? null : told(node);
        if (told == null) {
            Layer layer = node == null ? null : conf(node);
            throw new IllegalArgumentException("shape of a sample is not told by the network's configuration: input="
                    + input + ", first layer="
                    + (layer == null ? "none" : layer.getClass().getSimpleName())
                    + ". Give Dl4jOptions.features, such as [channels, height, width], or Dl4jOptions.steps for"
                    + " sequences.");
        }
        return told;
    }

    private static boolean isOfSequences(@Nullable Layer layer) {
        return layer instanceof BaseRecurrentLayer
                || layer instanceof RnnOutputLayer
                || layer instanceof Convolution1DLayer;
    }

    private @Nullable Shape told(NetworkNode node) {
        InputPreProcessor processor = node.preprocessor();
        if (processor instanceof FeedForwardToCnnPreProcessor p) {
            return shape(p.getNumChannels() * p.getInputHeight() * p.getInputWidth());
        }
        Layer layer = conf(node);
        boolean ofSteps = processor instanceof RnnToFeedForwardPreProcessor;
        if (layer instanceof BaseWrapperLayer wrapper) {
            layer = wrapper.getUnderlying();
        }
        if (layer instanceof Bidirectional both) {
            layer = both.getFwd();
        }
        if (layer instanceof EmbeddingLayer) {
            return shape(1);
        } else if (layer instanceof EmbeddingSequenceLayer sequence) {
            long steps = options.steps() > 0 ? options.steps() : sequence.getInputLength();
            return steps > 1 ? shape(1, steps) : null;
        } else if (isOfSequences(layer) || ofSteps) {
            return options.steps() > 0 && layer instanceof FeedForwardLayer f
                    ? shape(f.getNIn(), options.steps())
                    : null;
        } else if (layer instanceof ConvolutionLayer || layer instanceof BatchNormalization) {
            return null;
        }
        return layer instanceof FeedForwardLayer f && f.getNIn() > 0 ? shape(f.getNIn()) : null;
    }
}
