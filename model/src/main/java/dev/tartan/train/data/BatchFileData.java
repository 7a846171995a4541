package dev.tartan.train.data;

import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.checkpoint.SafetensorsEntry;
import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.train.config.NetworkConfig;
import dev.tartan.train.config.RunConfig;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Ready batches from a safetensors file, batch s for step s: {@code tokens: [steps, batch, context+1]}, or {@code x:
 * [steps, batch, inputs]} and {@code y: [steps, batch]}. Reads only the samples asked for.
 */
public final class BatchFileData implements BatchSource {
    private final SafetensorsReader reader;
    private final int globalBatch;
    private final Map<String, Integer> limits;

    private BatchFileData(SafetensorsReader reader, int globalBatch, Map<String, Integer> limits) {
        this.reader = reader;
        this.globalBatch = globalBatch;
        this.limits = limits;
    }

    /**
     * Opens the file of {@code config.data()} and checks its tensors against the network and the length of the run.
     *
     * @throws InvalidCheckpointException if it is missing, corrupt, or does not fit, naming {@code data.path}
     */
    public static BatchFileData open(RunConfig config) {
        Path path = config.data().path();
        SafetensorsReader reader = open(path);
        try {
            Map<String, Integer> limits = new LinkedHashMap<>();
            if (config.network() instanceof NetworkConfig.Mlp mlp) {
                check(reader, config, HostBatch.X, DType.FLOAT32, mlp.inputs(), "network.inputs");
                check(reader, config, HostBatch.Y, DType.INT32, 0, "");
                limits.put(HostBatch.X, 0);
                limits.put(HostBatch.Y, mlp.outputs());
            } else if (config.network() instanceof NetworkConfig.LanguageModel network) {
                check(reader, config, HostBatch.TOKENS, DType.INT32, network.context() + 1L, "network.context + 1");
                limits.put(HostBatch.TOKENS, network.vocab());
            }
            return new BatchFileData(reader, config.train().globalBatch(), limits);
        } catch (RuntimeException e) {
            reader.close();
            throw e;
        }
    }

    private static SafetensorsReader open(Path path) {
        try {
            return SafetensorsReader.open(path);
        } catch (InvalidCheckpointException e) {
            throw new InvalidCheckpointException("data.path cannot be used: " + e.getMessage(), e);
        }
    }

    /** Checks {@code [steps, batch, width]}, or {@code [steps, batch]} where {@code width} is 0. */
    private static void check(
            SafetensorsReader reader, RunConfig config, String name, DType dtype, long width, String widthKey) {
        SafetensorsEntry entry = reader.tensors().get(name);
        if (entry == null) {
            throw new InvalidCheckpointException("batch file lacks a tensor: tensor=" + name + ", path=" + reader.path()
                    + ", tensors=" + reader.tensors().keySet() + ". Store tokens, or x and y, as the network needs.");
        }
        String where = "tensor=" + name + ", path=" + reader.path();
        if (entry.type().readAs() != dtype) {
            throw new InvalidCheckpointException("batch file has a tensor of another element type: " + where
                    + ", dtype=" + entry.type() + ", wanted=" + dtype + ". Convert the tensor in the file.");
        }
        Shape shape = entry.shape();
        if (shape.numDims() != (width == 0 ? 2 : 3)) {
            throw new InvalidCheckpointException("batch file has a tensor of other dims: " + where + ", shape=" + shape
                    + ", wanted=" + (width == 0 ? "[steps, batch]" : "[steps, batch, " + widthKey + "]")
                    + ". Store one batch for each step.");
        }
        if (shape.dim(1) != config.train().globalBatch()) {
            throw new InvalidCheckpointException("batch file has batches of another size: " + where + ", shape=" + shape
                    + ", train.globalBatch=" + config.train().globalBatch() + ". Set train.globalBatch to "
                    + shape.dim(1) + ".");
        }
        if (width != 0 && shape.dim(2) != width) {
            throw new InvalidCheckpointException("batch file has samples of another size: " + where + ", shape=" + shape
                    + ", " + widthKey + "=" + width + ". Change the network or the file.");
        }
        if (shape.dim(0) < config.train().steps()) {
            throw new InvalidCheckpointException("batch file has fewer batches than the run has steps: " + where
                    + ", shape=" + shape + ", train.steps=" + config.train().steps() + ". Set train.steps to "
                    + shape.dim(0) + " or less.");
        }
    }

    @Override
    public HostBatch batch(long step) {
        return samples(step, 0, globalBatch);
    }

    @Override
    public HostBatch samples(long step, int first, int count) {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        limits.forEach((name, limit) -> {
            Shape whole = reader.tensor(name).shape();
            long[] starts = new long[whole.numDims()];
            starts[0] = step;
            starts[1] = first;
            TensorSlice slice =
                    TensorSlice.of(starts, whole.with(0, 1).with(1, count).dims());
            Shape shape = whole.numDims() == 2 ? Shape.shape(count) : Shape.shape(count, whole.dim(2));
            tensors.put(
                    name,
                    limit == 0
                            ? HostTensor.ofFloats(shape, reader.readFloats(name, slice))
                            : HostTensor.ofInts(shape, checked(name, step, limit, reader.readInts(name, slice))));
        });
        return new HostBatch(tensors);
    }

    private int[] checked(String name, long step, int limit, int[] values) {
        for (int value : values) {
            if (value < 0 || value >= limit) {
                throw new InvalidCheckpointException("batch file has a value out of range: tensor=" + name + ", path="
                        + reader.path() + ", step=" + step + ", value=" + value + ", limit=" + limit
                        + ". Give values from 0 up to below the limit, which is network."
                        + (name.equals(HostBatch.TOKENS) ? "vocab." : "outputs."));
            }
        }
        return values;
    }

    @Override
    public void close() {
        reader.close();
    }
}
