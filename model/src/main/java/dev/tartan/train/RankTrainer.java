package dev.tartan.train;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.checkpoint.SafetensorsWriter;
import dev.tartan.execute.RankExecutor;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.ShardRange;
import dev.tartan.network.BatchField;
import dev.tartan.network.Network;
import dev.tartan.network.Param;
import dev.tartan.train.checkpoint.RestoredRun;
import dev.tartan.train.data.HostBatch;
import dev.tartan.train.data.HostTensor;
import dev.tartan.train.data.ReadAhead;
import dev.tartan.train.graph.PlannedState;
import dev.tartan.train.graph.TrainStepGraph;
import dev.tartan.train.memory.MemoryPick;
import dev.tartan.train.memory.StateReplicas;
import dev.tartan.train.profile.RankTrace.TracedStep;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One rank's part of training: fills its shards, feeds its part of each batch, writes its shards. */
final class RankTrainer {
    private final TrainingPlan plan;
    private final Mesh mesh;
    private final int rank;
    private final RankExecutor executor;
    private final float[] scalar = new float[1];
    private long dataNanos;

    RankTrainer(TrainingPlan plan, int rank, RankExecutor executor) {
        this.plan = plan;
        this.mesh = plan.mesh();
        this.rank = rank;
        this.executor = executor;
    }

    /**
     * Fills parameters, from {@code given} if not null, else with the network's initial values, and the rest as the
     * optimizer says, unless {@code given} has that too.
     */
    void initialize(Network network, @Nullable InitialParameters given) {
        for (PlannedState state : plan.states()) {
            Buffer buffer = executor.input(state.name());
            boolean isGiven = given != null && (state.isParameter() || (given.hasStates() && !state.isOfRun()));
            if (given != null && isGiven) {
                buffer.write(given.read(mesh, state, rank));
            } else if (!state.isParameter()) {
                float[] values = new float[Math.toIntExact(buffer.type().shape().numElements())];
                Arrays.fill(values, (float) state.begin());
                buffer.write(values);
            } else {
                buffer.write(initialValues(network, state));
            }
        }
    }

    /** Fills all states as a checkpoint has them. */
    void restore(RestoredRun restored, Device device) {
        restored.restore(mesh, rank, device, plan.states(), state -> executor.input(state.name()));
    }

    /**
     * Fills all states as other ranks hold them, and gives this one's to those that do not; a call of all ranks, of
     * which those wait for each other that hold the same.
     *
     * @throws dev.tartan.collective.CollectiveException if a peer fails or is late
     */
    void receive(MemoryPick from, StateReplicas replicas) {
        int shard = replicas.shard(rank);
        if (from.isGiven(replicas, shard)) {
            int root = replicas.replica(from.giver(replicas, shard));
            stateNames().forEach(name -> executor.broadcast(name, replicas.along(), root));
        }
    }

    /** The inputs that are states. */
    List<String> stateNames() {
        return plan.states().stream().map(PlannedState::name).toList();
    }

    private float[] initialValues(Network network, PlannedState state) {
        Param param = network.parameter(state.parameter());
        if (param == null) {
            throw new IllegalStateException("network lacks a planned parameter: parameter=" + state.parameter());
        }
        List<ShardRange> block = ShardRange.block(NamedSharding.of(mesh, state.spec()), state.shape(), rank);
        return param.initialValues(
                state.logicalShape(),
                plan.train().seed(),
                block.stream().mapToLong(ShardRange::start).toArray(),
                block.stream().mapToLong(ShardRange::size).toArray());
    }

    /** Runs one step on this rank's part of the global batch. */
    void step(long step, ReadAhead data) throws InterruptedException {
        step(step, awaitBatch(step, data));
    }

    /** As {@link #step(long, ReadAhead)}, and tells when what was done. */
    TracedStep trace(long step, ReadAhead data) throws InterruptedException {
        long start = System.nanoTime();
        HostBatch batch = awaitBatch(step, data);
        long read = System.nanoTime();
        feed(step, batch);
        long fed = System.nanoTime();
        return new TracedStep(step, read - start, fed - read, executor.trace());
    }

    private HostBatch awaitBatch(long step, ReadAhead data) throws InterruptedException {
        long start = System.nanoTime();
        HostBatch batch = data.batch(step, plan.dataRank(rank));
        dataNanos += System.nanoTime() - start;
        return batch;
    }

    /** How long this rank has waited for samples. */
    long dataNanos() {
        return dataNanos;
    }

    /**
     * Runs one step.
     *
     * @param batch the samples of this rank, micro-batches one after the other
     */
    void step(long step, HostBatch batch) {
        feed(step, batch);
        executor.run();
    }

    private void feed(long step, HostBatch batch) {
        executor.input("step").write(new int[] {Math.toIntExact(step + plan.stepsBefore())});
        for (BatchField field : plan.fields()) {
            feed(executor.input(field.name()), batch.tensor(field.name()));
        }
    }

    static void feed(Buffer buffer, HostTensor tensor) {
        switch (tensor.dtype()) {
            case INT32 -> buffer.write(tensor.ints());
            case FLOAT32 -> buffer.write(tensor.floats());
            default -> throw new IllegalStateException("batch has an unexpected type: dtype=" + tensor.dtype());
        }
    }

    /** What the network reported in the last step, by name. */
    Map<String, Double> reports() {
        Map<String, Double> values = new LinkedHashMap<>();
        plan.reports().forEach(name -> values.put(name, scalar(TrainStepGraph.reportLabel(name))));
        return values;
    }

    /** The loss of the last step. */
    double loss() {
        return scalar(TrainStepGraph.LOSS);
    }

    /** The gradient norm of the last step. */
    double gradNorm() {
        return scalar(TrainStepGraph.GRAD_NORM);
    }

    /**
     * Checks the parameters as the last update left them.
     *
     * @throws NonFiniteException if one is NaN or infinite
     */
    void checkParameters(long lastStep) {
        for (PlannedState state : plan.parameters()) {
            Buffer parameter = executor.input(state.name());
            float[] values = new float[Math.toIntExact(parameter.type().shape().numElements())];
            parameter.read(values);
            for (float value : values) {
                if (!Float.isFinite(value)) {
                    throw NonFiniteException.ofParameter(state.name(), lastStep);
                }
            }
        }
    }

    private double scalar(String output) {
        executor.output(output).read(scalar);
        return scalar[0];
    }

    /**
     * Writes the parameters; a call of all ranks.
     *
     * @param file null in processes that write none
     */
    void save(ParameterWriter writer, @Nullable SafetensorsWriter file) {
        for (PlannedState state : plan.parameters()) {
            writer.write(state, executor.input(state.name()), file);
        }
    }

    /**
     * Writes all states but the run's own numbers; a call of all ranks.
     *
     * @param file null in processes that write none
     */
    void saveStates(ParameterWriter writer, @Nullable SafetensorsWriter file) {
        for (PlannedState state : plan.statesOfParameters()) {
            writer.write(state, executor.input(state.name()), file);
        }
    }

    /** Writes the gradients of the last step, for plans that have them as outputs; a call of all ranks. */
    void saveGradients(ParameterWriter writer, @Nullable SafetensorsWriter file) {
        for (PlannedState state : plan.trainedParameters()) {
            writer.write(state, executor.output(TrainStepGraph.gradientLabel(state.name())), file);
        }
    }
}
