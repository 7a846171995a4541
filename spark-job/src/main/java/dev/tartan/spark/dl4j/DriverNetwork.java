package dev.tartan.spark.dl4j;

import dev.tartan.dl4j.Dl4jModel;
import dev.tartan.dl4j.Dl4jNetwork;
import dev.tartan.dl4j.Dl4jOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;

/** The network of a DL4J driver: what a fit reads of it, and what it leaves in it. Not thread-safe. */
final class DriverNetwork {
    private final @Nullable MultiLayerNetwork layers;
    private final @Nullable ComputationGraph graph;

    private DriverNetwork(@Nullable MultiLayerNetwork layers, @Nullable ComputationGraph graph) {
        this.layers = layers;
        this.graph = graph;
    }

    static DriverNetwork of(MultiLayerNetwork net) {
        return new DriverNetwork(net, null);
    }

    static DriverNetwork of(ComputationGraph net) {
        return new DriverNetwork(null, net);
    }

    private ComputationGraph graph() {
        return Objects.requireNonNull(graph);
    }

    /** The network itself. */
    Model model() {
        return layers != null ? layers : graph();
    }

    boolean isGraph() {
        return graph != null;
    }

    /** Names of the network's inputs. */
    List<String> inputs() {
        return layers != null
                ? List.of(Dl4jOptions.INPUT)
                : List.copyOf(graph().getConfiguration().getNetworkInputs());
    }

    /** Names of its outputs; nobody asks for that of a MultiLayerNetwork. */
    List<String> outputs() {
        return layers != null
                ? List.of("output")
                : List.copyOf(graph().getConfiguration().getNetworkOutputs());
    }

    /** The configuration without counts of what was trained, so that all fits have the same. */
    String json() {
        if (layers != null) {
            MultiLayerConfiguration conf = layers.getLayerWiseConfigurations().clone();
            conf.setIterationCount(0);
            conf.setEpochCount(0);
            return conf.toJson();
        }
        ComputationGraphConfiguration conf = graph().getConfiguration().clone();
        conf.setIterationCount(0);
        conf.setEpochCount(0);
        return conf.toJson();
    }

    /** Whether sequences are trained on part by part. */
    boolean isTruncated() {
        BackpropType type = layers != null
                ? layers.getLayerWiseConfigurations().getBackpropType()
                : graph().getConfiguration().getBackpropType();
        return type == BackpropType.TruncatedBPTT;
    }

    int iterationCount() {
        return layers != null ? layers.getIterationCount() : graph().getIterationCount();
    }

    int epochCount() {
        return layers != null ? layers.getEpochCount() : graph().getEpochCount();
    }

    void setIterationCount(int count) {
        if (layers != null) {
            layers.setIterationCount(count);
        } else {
            graph().getConfiguration().setIterationCount(count);
        }
    }

    void setScore(double score) {
        if (layers != null) {
            layers.setScore(score);
        } else {
            graph().setScore(score);
        }
    }

    /** Makes sure that there are parameters and updater state. */
    void initialize() {
        if (layers != null) {
            layers.init();
            layers.getUpdater();
        } else {
            graph().init();
            graph().getUpdater();
        }
    }

    /** Writes parameters and updater state into a file that a run can begin with. */
    void writeState(Dl4jNetwork network, Path file) {
        Dl4jModel.of(model()).writeState(network, file, true);
    }

    /** Takes parameters and updater state from the file that a run has left. */
    void readState(Dl4jNetwork network, Path file) {
        Dl4jModel.of(model()).readState(network, file, true);
    }
}
