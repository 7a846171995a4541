package dev.tartan.dl4j;

import dev.tartan.mesh.Shape;
import dev.tartan.network.NetworkFactory;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;

/**
 * Makes a DL4J network of plain data that travels.
 *
 * @param json the configuration, of a MultiLayerNetwork or a ComputationGraph
 * @param inputs names of the inputs of which shapes are given
 * @param features shape of a sample of each
 * @param steps see {@link Dl4jOptions}
 * @param batch see {@link Dl4jOptions}
 * @param correct see {@link Dl4jOptions}
 */
public record Dl4jFactory(
        String json, List<String> inputs, List<long[]> features, long steps, long batch, boolean correct)
        implements NetworkFactory {
    private static final long serialVersionUID = 3;

    public Dl4jFactory {
        inputs = List.copyOf(inputs);
        features = List.copyOf(features);
    }

    /** Makes the network of a configuration with options. */
    public static Dl4jFactory of(String json, Dl4jOptions options) {
        List<long[]> features = new ArrayList<>();
        options.features().values().forEach(shape -> features.add(shape.dims()));
        return new Dl4jFactory(
                json,
                List.copyOf(options.features().keySet()),
                features,
                options.steps(),
                options.batch(),
                options.correct());
    }

    @Override
    public Dl4jNetwork create() {
        Dl4jOptions options = Dl4jOptions.none().steps(steps).batch(batch);
        for (int i = 0; i < features.size(); i++) {
            options = options.features(inputs.get(i), Shape.shape(features.get(i)));
        }
        if (correct) {
            options = options.correctly();
        }
        return Dl4jModel.isGraph(json)
                ? Dl4jNetwork.of(ComputationGraphConfiguration.fromJson(json), options)
                : Dl4jNetwork.of(MultiLayerConfiguration.fromJson(json), options);
    }
}
