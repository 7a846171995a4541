package dev.tartan.dl4j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.mesh.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A small network that DL4J itself trained in double precision, and what it gave. */
final class Dl4jGolden implements AutoCloseable {
    final String name;
    final JsonNode meta;
    final boolean isGraph;
    private final String json;
    private final SafetensorsReader tensors;

    Dl4jGolden(String name) {
        this.name = name;
        try {
            meta = new ObjectMapper().readTree(Files.readAllBytes(path(".meta.json")));
            json = Files.readString(path(".json"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        isGraph = meta.get("network").asText().equals("ComputationGraph");
        tensors = SafetensorsReader.open(path(".safetensors"));
    }

    private Path path(String suffix) {
        try {
            return Path.of(
                    Dl4jGolden.class.getResource("/dl4j/" + name + suffix).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    ComputationGraphConfiguration graph() {
        return ComputationGraphConfiguration.fromJson(json);
    }

    MultiLayerConfiguration layers() {
        return MultiLayerConfiguration.fromJson(json);
    }

    /** The network with the shapes of the golden's samples. */
    Dl4jNetwork network() {
        Dl4jOptions options = Dl4jOptions.none().batch(batchSize());
        if (isGraph) {
            ComputationGraphConfiguration graph = graph();
            for (int i = 0; i < graph.getNetworkInputs().size(); i++) {
                options = options.features(graph.getNetworkInputs().get(i), sample(shape("batch0.features." + i)));
            }
            return Dl4jNetwork.of(graph, options);
        }
        return Dl4jNetwork.of(
                layers(), options.features(sample(shape("batch0.features.0")).dims()));
    }

    private static Shape sample(Shape batch) {
        long[] dims = new long[batch.numDims() - 1];
        System.arraycopy(batch.dims(), 1, dims, 0, dims.length);
        return Shape.shape(dims);
    }

    /** DL4J's own network, with its first parameters. */
    Model dl4j() {
        Model net;
        if (isGraph) {
            ComputationGraph graph = new ComputationGraph(graph());
            graph.init();
            net = graph;
        } else {
            MultiLayerNetwork layers = new MultiLayerNetwork(layers());
            layers.init();
            net = layers;
        }
        net.setParams(row(values("init.flat")));
        return net;
    }

    static INDArray row(double[] values) {
        return Nd4j.createFromArray(values).reshape(1, values.length);
    }

    boolean has(String tensor) {
        return tensors.tensors().containsKey(tensor);
    }

    List<String> tensorNames(String prefix) {
        return tensors.tensors().keySet().stream()
                .filter(tensor -> tensor.startsWith(prefix))
                .toList();
    }

    double[] values(String tensor) {
        return tensors.readDoubles(tensor);
    }

    Shape shape(String tensor) {
        return tensors.tensor(tensor).shape();
    }

    int numSteps() {
        return meta.get("scores").size();
    }

    int batchSize() {
        return Math.toIntExact(shape("batch0.features.0").dim(0));
    }

    /** The fields of batch {@code s}, by the names that the network gives them. */
    Map<String, double[]> batch(int s) {
        Map<String, double[]> batch = new LinkedHashMap<>();
        NetworkPlan plan = isGraph ? NetworkPlan.of(graph()) : NetworkPlan.of(layers());
        for (int i = 0; i < plan.inputs().size(); i++) {
            put(batch, plan.features(plan.inputs().get(i)), "batch" + s + ".features." + i);
            put(batch, plan.featuresMask(plan.inputs().get(i)), "batch" + s + ".featuresMask." + i);
        }
        for (int i = 0; i < plan.outputs().size(); i++) {
            put(batch, plan.labels(plan.outputs().get(i)), "batch" + s + ".labels." + i);
            put(batch, plan.labelsMask(plan.outputs().get(i)), "batch" + s + ".labelsMask." + i);
        }
        return batch;
    }

    private void put(Map<String, double[]> batch, String field, String tensor) {
        if (has(tensor)) {
            batch.put(field, values(tensor));
        }
    }

    /** A part of the sequences of batch {@code s}, filled up and masked where they end. */
    Map<String, double[]> part(int s, int part, int steps) {
        Shape shape = shape("batch" + s + ".features.0");
        int total = Math.toIntExact(shape.dim(2));
        Map<String, double[]> batch = new LinkedHashMap<>();
        batch(s).forEach((field, values) -> {
            double[] cut = new double[values.length / total * steps];
            for (int row = 0; row < values.length / total; row++) {
                for (int step = 0; step < steps && part * steps + step < total; step++) {
                    cut[row * steps + step] = values[row * total + part * steps + step];
                }
            }
            batch.put(field, cut);
        });
        double[] mask = new double[batchSize() * steps];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = part * steps + i % steps < total ? 1 : 0;
        }
        batch.put("labelsMask", mask);
        return batch;
    }

    /** The optional fields that batches have. */
    Set<String> masks() {
        Set<String> masks = new LinkedHashSet<>(batch(0).keySet());
        masks.removeIf(field -> !field.contains("Mask"));
        return masks;
    }

    /** The name of a golden's layer among the network's nodes. */
    String node(String layer) {
        return isGraph ? layer : layer.substring("layer".length());
    }

    @Override
    public void close() {
        tensors.close();
    }
}
