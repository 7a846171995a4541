package dev.tartan.dl4j;

import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.checkpoint.SafetensorsWriter;
import dev.tartan.checkpoint.TensorDeclaration;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.network.Param;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A network of DL4J with its parameters and updater state, in memory or in a zip of {@code ModelSerializer}'s: what a
 * run of Tartan begins with, and what its result goes back into. Not thread-safe.
 */
public final class Dl4jModel {
    private static final String CONFIGURATION = "configuration.json";

    private final Model net;

    private Dl4jModel(Model net) {
        this.net = net;
    }

    /**
     * A network in memory; what is read into it is in the network itself.
     *
     * @param net a MultiLayerNetwork or ComputationGraph, initialized
     */
    public static Dl4jModel of(Model net) {
        if (!(net instanceof MultiLayerNetwork) && !(net instanceof ComputationGraph)) {
            throw new IllegalArgumentException("model is no network of DL4J's: class="
                    + net.getClass().getName() + ". Give a MultiLayerNetwork or a ComputationGraph.");
        }
        return new Dl4jModel(net);
    }

    /**
     * Reads a zip that {@code ModelSerializer} wrote.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static Dl4jModel open(Path zip) {
        boolean graph = isGraph(configuration(zip));
        try (InputStream in = Files.newInputStream(zip)) {
            return new Dl4jModel(
                    graph
                            ? ModelSerializer.restoreComputationGraph(in, true)
                            : ModelSerializer.restoreMultiLayerNetwork(in, true));
        } catch (IOException e) {
            throw unreadable(zip, e);
        }
    }

    /**
     * The configuration in a zip of {@code ModelSerializer}'s, without reading its parameters.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static String configuration(Path zip) {
        try (ZipInputStream in = new ZipInputStream(Files.newInputStream(zip))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                if (entry.getName().equals(CONFIGURATION)) {
                    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
                }
            }
        } catch (NoSuchFileException e) {
            throw new IllegalArgumentException("DL4J model is missing: path=" + zip + ". Correct the path.", e);
        } catch (IOException e) {
            throw unreadable(zip, e);
        }
        throw new IllegalArgumentException("file is no model of DL4J's: path=" + zip + ", missing entry="
                + CONFIGURATION + ". Give a zip that ModelSerializer wrote.");
    }

    private static IllegalArgumentException unreadable(Path zip, IOException e) {
        return new IllegalArgumentException(
                "DL4J model cannot be read: path=" + zip + ", reason=" + e.getMessage()
                        + ". Give a zip that ModelSerializer wrote.",
                e);
    }

    /** Whether a configuration is that of a ComputationGraph. */
    public static boolean isGraph(String json) {
        return json.contains("\"networkInputs\"");
    }

    /** The network of DL4J itself. */
    public Model net() {
        return net;
    }

    /** How many updates were made. */
    public int iterationCount() {
        return net instanceof MultiLayerNetwork layers
                ? layers.getIterationCount()
                : ((ComputationGraph) net).getIterationCount();
    }

    /** How many epochs were completed. */
    public int epochCount() {
        return net instanceof MultiLayerNetwork layers
                ? layers.getEpochCount()
                : ((ComputationGraph) net).getEpochCount();
    }

    /**
     * This network as one of Tartan's.
     *
     * @throws IllegalArgumentException see {@link Dl4jNetwork#of}
     */
    public Dl4jNetwork network(Dl4jOptions options) {
        return net instanceof MultiLayerNetwork layers
                ? Dl4jNetwork.of(
                        MultiLayerConfiguration.fromJson(
                                layers.getLayerWiseConfigurations().toJson()),
                        options)
                : Dl4jNetwork.of(
                        ComputationGraphConfiguration.fromJson(
                                ((ComputationGraph) net).getConfiguration().toJson()),
                        options);
    }

    /**
     * Writes parameters, running statistics and, if wanted, updater state into a file that a run can begin with, in
     * float32. States of sequences, which begin anew, are zero.
     *
     * @param network made of this one's configuration
     */
    public void writeState(Dl4jNetwork network, Path file, boolean withUpdater) {
        Dl4jTensors tensors = Dl4jTensors.of(net, network);
        Map<String, Shape> shapes = shapes(network, tensors, withUpdater);
        List<TensorDeclaration> declared = shapes.entrySet().stream()
                .map(entry -> new TensorDeclaration(entry.getKey(), DType.FLOAT32, entry.getValue()))
                .toList();
        Set<String> known = new LinkedHashSet<>(tensors.names());
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, declared, Map.of())) {
            shapes.forEach((name, shape) -> writer.writeFloats(
                    name,
                    TensorSlice.whole(shape),
                    known.contains(name)
                            ? tensors.view(name).dup('c').data().asFloat()
                            : new float[Math.toIntExact(shape.numElements())]));
            writer.finish();
        }
    }

    private static Map<String, Shape> shapes(Dl4jNetwork network, Dl4jTensors tensors, boolean withUpdater) {
        Map<String, Param> params = new LinkedHashMap<>();
        network.byDl4jName().values().forEach(param -> params.put(param.name(), param));
        Map<String, Shape> shapes = new LinkedHashMap<>();
        for (String name : tensors.names()) {
            Param param = params.get(name);
            if (param == null && !withUpdater) {
                continue;
            }
            // An updater's state is named after its parameter.
            Param owner = param != null ? param : params.get(name.substring(0, name.lastIndexOf('.')));
            shapes.put(name, Objects.requireNonNull(owner, name).fileShape());
        }
        network.parameters().forEach((name, param) -> shapes.putIfAbsent(name, param.fileShape()));
        return shapes;
    }

    /**
     * Takes parameters and running statistics from a file that a run has left.
     *
     * @param withUpdater whether to take updater state, too, of a run by {@link Dl4jNetwork#optimizer}
     */
    public void readState(Dl4jNetwork network, Path file, boolean withUpdater) {
        Dl4jTensors tensors = Dl4jTensors.of(net, network);
        try (SafetensorsReader reader = SafetensorsReader.open(file)) {
            for (String name : tensors.names()) {
                INDArray view = tensors.view(name);
                boolean isParameter = network.parameter(name) != null;
                if (isParameter || withUpdater) {
                    view.assign(Nd4j.createFromArray(reader.readFloats(name)).reshape('c', view.shape()));
                }
            }
        }
    }

    /** Sets how much the network was trained. */
    public void setCounts(int iterations, int epochs) {
        if (net instanceof MultiLayerNetwork layers) {
            layers.setIterationCount(iterations);
            layers.setEpochCount(epochs);
        } else {
            ComputationGraphConfiguration configuration = ((ComputationGraph) net).getConfiguration();
            configuration.setIterationCount(iterations);
            configuration.setEpochCount(epochs);
        }
    }

    /** Writes the network as {@code ModelSerializer} does, with its updater state. */
    public void save(Path zip) {
        try (OutputStream out = Files.newOutputStream(zip)) {
            write(out, true);
        } catch (IOException e) {
            throw new UncheckedIOException("model cannot be written: path=" + zip, e);
        }
    }

    /** Writes the network as {@code ModelSerializer} does, which reads it with or without updater state. */
    public void write(OutputStream out, boolean withUpdater) throws IOException {
        ModelSerializer.writeModel(net, out, withUpdater);
    }
}
