package dev.tartan.train;

import dev.tartan.backend.Backend;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.checkpoint.CheckpointFiles;
import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.checkpoint.SafetensorsEntry;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.execute.RankExecutor;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.Shape;
import dev.tartan.network.BatchField;
import dev.tartan.train.config.CollectiveConfig;
import dev.tartan.train.data.HostTensor;
import dev.tartan.train.graph.PlannedState;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A trained network on one device of this process: maps batches of samples to outputs. Used by one thread at a time,
 * which may be another each time.
 */
public final class Predictor implements AutoCloseable {
    private static final int RANK = 0;

    private final InferencePlan plan;
    private final Device device;
    private final MeshCommunicators communicators;
    private final RankExecutor executor;

    /**
     * Allocates the device's memory and reads the parameters, and the states that are not trained, such as running
     * statistics.
     *
     * @param parameters a safetensors file, such as {@code final.safetensors} of a run
     * @throws InvalidCheckpointException if the file is corrupt, or lacks a tensor of the plan's
     */
    public Predictor(InferencePlan plan, Path parameters, Backend backend) {
        this.plan = plan;
        this.device = backend.device(0);
        Mesh mesh = plan.compiled().program().mesh();
        communicators = CommunicationOptions.withinProcess(mesh, CollectiveConfig.defaults());
        try {
            executor =
                    new RankExecutor(plan.compiled().program(), plan.compiled().memory(), RANK, device, communicators);
        } catch (RuntimeException | Error e) {
            communicators.close();
            throw e;
        }
        try (CheckpointFiles files = CheckpointFiles.open(parameters)) {
            for (PlannedState parameter : plan.parameters()) {
                check(parameter, files);
                executor.input(parameter.name())
                        .write(ParameterFile.read(files, parameter.name(), mesh, parameter, RANK));
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private static void check(PlannedState parameter, CheckpointFiles files) {
        SafetensorsEntry entry = files.tensors().get(parameter.name());
        if (entry == null || !entry.shape().equals(parameter.fileShape())) {
            throw new InvalidCheckpointException("file is not one of this network: path=" + files.path() + ", tensor="
                    + parameter.name() + ", expected=" + parameter.fileShape() + ", actual="
                    + (entry == null ? "none" : entry.shape()) + ". Give the file that training this network wrote.");
        }
    }

    /** Bytes of the device that it takes. */
    public long bytes() {
        return executor.arenaBytes();
    }

    /**
     * Predicts. Samples that are not needed to fill the batch may be anything that the fields allow; each sample's
     * outputs are its own.
     *
     * @param batch the plan's fields by name, each {@code [batchSize, sampleShape...]}
     * @return the plan's outputs by name, each {@code [batchSize, ...]}
     * @throws IllegalArgumentException if a field is missing or of another type
     */
    public Map<String, HostTensor> predict(Map<String, HostTensor> batch) {
        device.attachThread();
        for (BatchField field : plan.fields()) {
            Buffer input = executor.input(field.name());
            HostTensor values = batch.get(field.name());
            TensorType type = input.type();
            if (values == null
                    || values.dtype() != type.dtype()
                    || !values.shape().equals(type.shape())) {
                throw new IllegalArgumentException("batch does not fill a field: field=" + field.name() + ", wanted="
                        + type + ", given="
                        + (values == null ? "none" : new TensorType(values.dtype(), values.shape()))
                        + ". Give each field of the plan.");
            }
            if (type.dtype() == DType.INT32) {
                input.write(values.ints());
            } else {
                input.write(values.floats());
            }
        }
        executor.run();
        Map<String, HostTensor> outputs = new LinkedHashMap<>();
        plan.outputs().keySet().forEach(name -> outputs.put(name, read(executor.output(name))));
        return outputs;
    }

    private static HostTensor read(Buffer output) {
        Shape shape = output.type().shape();
        int length = Math.toIntExact(shape.numElements());
        if (output.type().dtype() == DType.INT32) {
            int[] ints = new int[length];
            output.read(ints);
            return HostTensor.ofInts(shape, ints);
        }
        float[] floats = new float[length];
        output.read(floats);
        return HostTensor.ofFloats(shape, floats);
    }

    @Override
    public void close() {
        try {
            executor.close();
        } finally {
            communicators.close();
        }
    }
}
