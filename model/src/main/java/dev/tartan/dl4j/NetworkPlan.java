package dev.tartan.dl4j;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.jspecify.annotations.Nullable;

/**
 * What a configuration of DL4J's describes: layers and vertices in the order of computing, checked to be known.
 *
 * @param inputs names of the network's inputs
 * @param outputs names of the nodes that have a loss
 * @param isGraph whether nodes have names of the user's
 * @param isMiniBatch whether gradients are means over the batch, rather than sums
 * @param backpropSteps steps of truncated backpropagation, 0 for none
 */
record NetworkPlan(
        List<NetworkNode> nodes,
        List<String> inputs,
        List<String> outputs,
        boolean isGraph,
        boolean isMiniBatch,
        int backpropSteps,
        int iterationCount,
        int epochCount) {
    NetworkPlan {
        nodes = List.copyOf(nodes);
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    static NetworkPlan of(MultiLayerConfiguration configuration) {
        KnownParts known = new KnownParts();
        List<NeuralNetConfiguration> confs = configuration.getConfs();
        Map<Integer, InputPreProcessor> processors = configuration.getInputPreProcessors();
        boolean truncated = configuration.getBackpropType() == BackpropType.TruncatedBPTT;
        for (int i = 0; i < confs.size(); i++) {
            known.check(Integer.toString(i), confs.get(i).getLayer());
            if (truncated) {
                known.checkTruncated(Integer.toString(i), confs.get(i).getLayer());
            }
            InputPreProcessor processor = processors == null ? null : processors.get(i);
            if (processor != null) {
                known.check(Integer.toString(i), processor);
            }
        }
        known.checkBackprop(
                configuration.getBackpropType(), configuration.getTbpttFwdLength(), configuration.getTbpttBackLength());
        known.throwIfAny();
        List<NetworkNode> nodes = new ArrayList<>();
        String before = Dl4jOptions.INPUT;
        for (int i = 0; i < confs.size(); i++) {
            String name = Integer.toString(i);
            InputPreProcessor processor = processors == null ? null : processors.get(i);
            LayerModule module = ImportLayers.create(confs.get(i).getLayer());
            nodes.add(new NetworkNode(name, List.of(before), processor, module, null, 1));
            before = name;
        }
        return checked(new NetworkPlan(
                nodes,
                List.of(Dl4jOptions.INPUT),
                List.of(before),
                false,
                confs.get(0).isMiniBatch(),
                truncated ? configuration.getTbpttFwdLength() : 0,
                configuration.getIterationCount(),
                configuration.getEpochCount()));
    }

    static NetworkPlan of(ComputationGraphConfiguration configuration) {
        KnownParts known = new KnownParts();
        Map<String, GraphVertex> vertices = configuration.getVertices();
        vertices.forEach(known::check);
        boolean truncated = configuration.getBackpropType() == BackpropType.TruncatedBPTT;
        if (truncated) {
            vertices.forEach(known::checkTruncated);
        }
        known.checkBackprop(
                configuration.getBackpropType(), configuration.getTbpttFwdLength(), configuration.getTbpttBackLength());
        known.throwIfAny();
        List<String> order = order(configuration);
        Map<String, Integer> rows = StackedRows.of(configuration, order, known);
        known.throwIfAny();
        List<NetworkNode> nodes = new ArrayList<>();
        boolean miniBatch = true;
        for (String name : order) {
            GraphVertex vertex = Objects.requireNonNull(vertices.get(name), name);
            List<String> in =
                    Objects.requireNonNull(configuration.getVertexInputs().get(name), name);
            if (vertex instanceof LayerVertex layer) {
                miniBatch = layer.getLayerConf().isMiniBatch();
                LayerModule module = ImportLayers.create(layer.getLayerConf().getLayer());
                int each = Objects.requireNonNull(rows.get(name), name);
                nodes.add(new NetworkNode(name, in, layer.getPreProcessor(), module, null, each));
            } else {
                nodes.add(new NetworkNode(name, in, null, null, ImportVertices.create(vertex), 1));
            }
        }
        return checked(new NetworkPlan(
                nodes,
                configuration.getNetworkInputs(),
                configuration.getNetworkOutputs(),
                true,
                miniBatch,
                truncated ? configuration.getTbpttFwdLength() : 0,
                configuration.getIterationCount(),
                configuration.getEpochCount()));
    }

    /** Each vertex after those it takes from, else in the configuration's order. */
    private static List<String> order(ComputationGraphConfiguration configuration) {
        List<String> done = new ArrayList<>(configuration.getNetworkInputs());
        List<String> ordered = new ArrayList<>();
        Map<String, List<String>> left = new LinkedHashMap<>(configuration.getVertexInputs());
        while (!left.isEmpty()) {
            int before = left.size();
            left.entrySet().removeIf(entry -> {
                boolean ready = done.containsAll(entry.getValue());
                if (ready) {
                    done.add(entry.getKey());
                    ordered.add(entry.getKey());
                }
                return ready;
            });
            if (left.size() == before) {
                throw new IllegalArgumentException(
                        "graph has a circle or an input that is not there: vertices=" + left.keySet() + ".");
            }
        }
        return ordered;
    }

    private static NetworkPlan checked(NetworkPlan plan) {
        for (String output : plan.outputs) {
            if (!(plan.node(output).layer() instanceof LossModule)) {
                throw new IllegalArgumentException("output of the network has no loss: " + plan.place(output)
                        + ". Give it an output or loss layer.");
            }
        }
        return plan;
    }

    private String place(String node) {
        return (isGraph ? "vertex=" : "layer=") + node;
    }

    NetworkNode node(String name) {
        return nodes.stream()
                .filter(node -> node.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("network has no such node: name=" + name + "."));
    }

    LossModule output(String name) {
        return (LossModule) Objects.requireNonNull(node(name).layer());
    }

    /** The name of a node's module within the network. */
    String path(NetworkNode node) {
        return isGraph ? node.name() : "layers." + node.name();
    }

    long numLayers() {
        return nodes.stream().filter(node -> node.layer() != null).count();
    }

    String features(String input) {
        return inputs.size() == 1 ? "features" : "features." + input;
    }

    String featuresMask(String input) {
        return inputs.size() == 1 ? "featuresMask" : "featuresMask." + input;
    }

    String labels(String output) {
        return outputs.size() == 1 ? "labels" : "labels." + output;
    }

    String labelsMask(String output) {
        return outputs.size() == 1 ? "labelsMask" : "labelsMask." + output;
    }

    /** The name of an output in {@link Dl4jNetwork#outputs}. */
    String outputName(String output) {
        return isGraph ? output : "output";
    }

    /** The configurations of layers by node. */
    Map<String, Layer> layers() {
        Map<String, Layer> layers = new LinkedHashMap<>();
        for (NetworkNode node : nodes) {
            LayerModule module = node.layer();
            if (module != null) {
                layers.put(node.name(), module.conf());
            }
        }
        return Collections.unmodifiableMap(layers);
    }

    /** The first layer that an input goes to; null if it goes to a vertex only. */
    @Nullable
    NetworkNode firstLayer(String input) {
        return nodes.stream()
                .filter(node -> node.layer() != null && node.inputs().contains(input))
                .findFirst()
                .orElse(null);
    }
}
