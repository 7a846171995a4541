package dev.tartan.train.data;

import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.checkpoint.SafetensorsEntry;
import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.network.BatchField;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** The batches of a {@link BatchFileSamples}. Reads only the samples asked for. */
final class BatchFileBatches implements BatchSource {
    private final SafetensorsReader reader;
    private final BatchSpec spec;

    private BatchFileBatches(SafetensorsReader reader, BatchSpec spec) {
        this.reader = reader;
        this.spec = spec;
    }

    /**
     * Opens a file and checks its tensors against the fields and the length of the run.
     *
     * @throws InvalidCheckpointException if it is missing, corrupt, or does not fit, naming {@code data.path}
     */
    static BatchFileBatches open(Path path, BatchSpec spec) {
        SafetensorsReader reader = open(path);
        try {
            spec.fields().forEach(field -> check(reader, spec, field));
            return new BatchFileBatches(reader, spec);
        } catch (RuntimeException e) {
            reader.close();
            throw e;
        }
    }

    static SafetensorsReader open(Path path) {
        try {
            return SafetensorsReader.open(path);
        } catch (InvalidCheckpointException e) {
            throw new InvalidCheckpointException("data.path cannot be used: " + e.getMessage(), e);
        }
    }

    private static void check(SafetensorsReader reader, BatchSpec spec, BatchField field) {
        SafetensorsEntry entry = reader.tensors().get(field.name());
        if (entry == null) {
            throw new InvalidCheckpointException("batch file lacks a tensor: tensor=" + field.name() + ", path="
                    + reader.path() + ", tensors=" + reader.tensors().keySet() + ". Store "
                    + spec.fields().stream().map(BatchField::name).collect(Collectors.joining(", "))
                    + ", as the network needs.");
        }
        String where = "tensor=" + field.name() + ", path=" + reader.path();
        DType readAs = entry.type().readAs();
        if (readAs == null || (readAs == DType.INT32) != (field.dtype() == DType.INT32)) {
            throw new InvalidCheckpointException("batch file has a tensor of another element type: " + where
                    + ", dtype=" + entry.type() + ", wanted=" + field.dtype() + ". Convert the tensor in the file.");
        }
        Shape shape = entry.shape();
        long[] sample = field.sampleShape().dims();
        if (shape.numDims() != sample.length + 2) {
            throw new InvalidCheckpointException("batch file has a tensor of other dims: " + where + ", shape=" + shape
                    + ", wanted=" + wanted(sample) + ". Store one batch for each step.");
        }
        if (shape.dim(1) != spec.globalBatch()) {
            throw new InvalidCheckpointException("batch file has batches of another size: " + where + ", shape=" + shape
                    + ", train.globalBatch=" + spec.globalBatch() + ". Set train.globalBatch to " + shape.dim(1) + ".");
        }
        if (!Arrays.equals(Arrays.copyOfRange(shape.dims(), 2, shape.numDims()), sample)) {
            throw new InvalidCheckpointException("batch file has samples of another size: " + where + ", shape=" + shape
                    + ", wanted=" + wanted(sample) + ". Change the network or the file.");
        }
        if (shape.dim(0) < spec.steps()) {
            throw new InvalidCheckpointException("batch file has fewer batches than the run has steps: " + where
                    + ", shape=" + shape + ", train.steps=" + spec.steps() + ". Set train.steps to " + shape.dim(0)
                    + " or less.");
        }
    }

    private static String wanted(long[] sample) {
        return "[steps, batch"
                + Arrays.stream(sample).mapToObj(dim -> ", " + dim).collect(Collectors.joining()) + "]";
    }

    @Override
    public HostBatch samples(long step, int first, int count) {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        for (BatchField field : spec.fields()) {
            String name = field.name();
            Shape whole = reader.tensor(name).shape();
            long[] starts = new long[whole.numDims()];
            starts[0] = step;
            starts[1] = first;
            TensorSlice slice =
                    TensorSlice.of(starts, whole.with(0, 1).with(1, count).dims());
            Shape shape = Shape.shape(Arrays.copyOfRange(whole.with(1, count).dims(), 1, whole.numDims()));
            tensors.put(
                    name,
                    field.dtype() == DType.INT32
                            ? HostTensor.ofInts(shape, checked(field, step, reader.readInts(name, slice)))
                            : HostTensor.ofFloats(shape, reader.readFloats(name, slice)));
        }
        return new HostBatch(tensors);
    }

    private int[] checked(BatchField field, long step, int[] values) {
        for (int value : values) {
            if (!field.allows(value)) {
                throw new InvalidCheckpointException("batch file has a value out of range: tensor=" + field.name()
                        + ", path=" + reader.path() + ", step=" + step + ", value=" + value + ", limit=" + field.limit()
                        + ". Give values from 0 up to below the limit"
                        + (field.ignored() == null ? "" : ", or " + field.ignored() + " for none") + ".");
            }
        }
        return values;
    }

    @Override
    public void close() {
        reader.close();
    }
}
