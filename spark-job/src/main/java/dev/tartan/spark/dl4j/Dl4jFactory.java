package dev.tartan.spark.dl4j;

import dev.tartan.dl4j.Dl4jNetwork;
import dev.tartan.dl4j.Dl4jOptions;
import dev.tartan.mesh.Shape;
import dev.tartan.network.NetworkFactory;
import java.util.List;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;

/**
 * Makes a DL4J network of plain data that travels.
 *
 * @param json the configuration
 * @param isGraph whether that is of a ComputationGraph
 * @param inputs names of the network's inputs
 * @param features shape of a sample of each
 * @param correct see {@link Dl4jOptions}
 */
record Dl4jFactory(String json, boolean isGraph, List<String> inputs, long[][] features, boolean correct)
        implements NetworkFactory {
    private static final long serialVersionUID = 1;

    Dl4jFactory {
        inputs = List.copyOf(inputs);
    }

    @Override
    public Dl4jNetwork create() {
        Dl4jOptions options = Dl4jOptions.none();
        for (int i = 0; i < features.length; i++) {
            options = options.features(inputs.get(i), Shape.shape(features[i]));
        }
        if (correct) {
            options = options.correctly();
        }
        return isGraph
                ? Dl4jNetwork.of(ComputationGraphConfiguration.fromJson(json), options)
                : Dl4jNetwork.of(MultiLayerConfiguration.fromJson(json), options);
    }
}
