package dev.tartan.train;

import dev.tartan.mesh.Mesh;
import dev.tartan.network.BatchField;
import dev.tartan.partition.ProgramPort;
import dev.tartan.plan.DeviceProfile;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.plan.cost.StepFlops;
import dev.tartan.train.checkpoint.ShardOwners;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.config.CollectiveConfig;
import dev.tartan.train.config.ElasticConfig;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.config.TrainConfig;
import dev.tartan.train.data.BatchSpec;
import dev.tartan.train.data.RankSamples;
import dev.tartan.train.data.SampleSource;
import dev.tartan.train.graph.PlannedState;
import dev.tartan.train.graph.RunMesh;
import dev.tartan.train.graph.TrainStepGraph;
import dev.tartan.train.memory.StateReplicas;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that ranks need to train but the network itself: made once on the driver, sent to executors. Plain data, no
 * tensors.
 *
 * @param network what a person calls it
 * @param tokensPerSample see {@link dev.tartan.network.Network#tokensPerSample}
 * @param fields the tensors of a batch, in order
 * @param samples where they come from; null for a plan that is not run
 * @param step the training step; inputs are the states, {@code step} and the batch fields
 * @param logits the program that generates text after training, on a mesh of one model group, so that one process can
 *     run it alone; null if the run has none to generate
 * @param validation what the run is evaluated on; null for a run that is not
 * @param states parameters first, then optimizer state
 * @param gradientBytesPerDevice memory of all gradients of a rank once the backward pass is over
 * @param numParameters elements of all parameters, without padding
 * @param flops what a step computes, and how fast the devices could
 * @param optimizer what a person calls it, with its settings
 * @param checkpoint when checkpoints are written, and where
 * @param elastic what becomes of the run if executors fail
 * @param notes what the compiler wants the user to know
 */
public record TrainingPlan(
        String network,
        long tokensPerSample,
        Mesh mesh,
        DeviceProfile device,
        TrainConfig train,
        StrategyConfig strategy,
        CollectiveConfig collective,
        List<BatchField> fields,
        @Nullable SampleSource samples,
        RunFiles files,
        CompiledProgram step,
        @Nullable CompiledProgram logits,
        @Nullable PlannedValidation validation,
        List<PlannedState> states,
        long gradientBytesPerDevice,
        long numParameters,
        StepFlops flops,
        String optimizer,
        CheckpointConfig checkpoint,
        ElasticConfig elastic,
        List<String> notes) {
    public TrainingPlan {
        fields = List.copyOf(fields);
        states = List.copyOf(states);
        notes = List.copyOf(notes);
    }

    /** This plan for a process that writes results to a folder of its own, to be carried to the output folder. */
    public TrainingPlan staged(Path folder) {
        return with(samples, files.staged(folder), validation);
    }

    /** This plan with the same first parameters, found elsewhere. */
    public TrainingPlan initialFrom(Path place) {
        return with(samples, files.from(place), validation);
    }

    /**
     * This plan with its first state in another file.
     *
     * @throws IllegalStateException if it has none
     */
    public TrainingPlan initialStateFrom(Path file) {
        InitialState state = files.initialState();
        if (state == null) {
            throw new IllegalStateException("plan begins with no given state: network=" + network);
        }
        return with(samples, files.beginningWith(state.in(file)), validation);
    }

    /** This plan beginning with another state; as {@link TrainingJob#initialState}. */
    public TrainingPlan beginningWith(@Nullable InitialState state) {
        return with(samples, files.beginningWith(state), validation);
    }

    /** This plan going on from a checkpoint; null to begin at step 0. */
    public TrainingPlan resumed(@Nullable Path from) {
        return with(samples, files.resumed(from), validation);
    }

    /** This plan with other files. */
    public TrainingPlan withFiles(RunFiles other) {
        return with(samples, other, validation);
    }

    /** This plan on other samples, with the same fields; null for none. */
    public TrainingPlan withSamples(@Nullable SampleSource other) {
        return with(other, files, validation);
    }

    /**
     * This plan evaluated on other samples, with the same fields; null for none yet.
     *
     * @throws IllegalStateException if it has no validation
     */
    public TrainingPlan withValidationSamples(@Nullable SampleSource other) {
        if (validation == null) {
            throw new IllegalStateException("plan has no validation: network=" + network);
        }
        return with(samples, files, validation.on(other));
    }

    private TrainingPlan with(
            @Nullable SampleSource otherSamples, RunFiles otherFiles, @Nullable PlannedValidation otherValidation) {
        return new TrainingPlan(
                network,
                tokensPerSample,
                mesh,
                device,
                train,
                strategy,
                collective,
                fields,
                otherSamples,
                otherFiles,
                step,
                logits,
                otherValidation,
                states,
                gradientBytesPerDevice,
                numParameters,
                flops,
                optimizer,
                checkpoint,
                elastic,
                notes);
    }

    /** What the run asks of its samples. */
    public BatchSpec batches() {
        return new BatchSpec(fields, train.globalBatch(), train.steps() + stepsBefore(), train.seed(), files.output());
    }

    /** How many updates were made before the run's first. */
    long stepsBefore() {
        InitialState state = files.initialState();
        return state == null ? 0 : state.steps();
    }

    /** Which of them belong to which data rank. */
    public RankSamples rankSamples() {
        return new RankSamples(train.globalBatch(), train.microBatches(), numDataRanks());
    }

    /** In how many parts a batch is split; see {@link RunMesh}. */
    public int numDataRanks() {
        return RunMesh.numDataRanks(mesh);
    }

    /** Which part of a batch a rank has, from 0. */
    public int dataRank(int rank) {
        return RunMesh.dataRank(mesh, rank);
    }

    /** What speed is counted in. */
    public String unit() {
        return tokensPerSample > 0 ? "tokens" : "samples";
    }

    /** Tokens of a global batch, or samples where the network has no tokens. */
    public long unitsPerStep() {
        return train.globalBatch() * Math.max(1, tokensPerSample);
    }

    /** All states but the run's own numbers. */
    public List<PlannedState> statesOfParameters() {
        return states.stream().filter(state -> !state.isOfRun()).toList();
    }

    /** Names of the numbers that the network reports in each step. */
    public List<String> reports() {
        return step.program().outputs().stream()
                .map(ProgramPort::name)
                .filter(TrainStepGraph::isReport)
                .map(TrainStepGraph::reportName)
                .toList();
    }

    /** Whether the step gives the gradients too. */
    public boolean hasGradientOutputs() {
        String label = TrainStepGraph.gradientLabel(trainedParameters().get(0).name());
        return step.program().outputs().stream()
                .anyMatch(output -> output.name().equals(label));
    }

    /** The parameters that have gradients. */
    public List<PlannedState> trainedParameters() {
        return states.stream().filter(PlannedState::isTrained).toList();
    }

    /** The parameters among the states. */
    public List<PlannedState> parameters() {
        return states.stream().filter(PlannedState::isParameter).toList();
    }

    /** Bytes of each rank's parameters. */
    public long parameterBytesPerDevice() {
        return stateBytes(true);
    }

    /** Bytes of each rank's optimizer state. */
    public long optimizerBytesPerDevice() {
        return stateBytes(false);
    }

    /**
     * Bytes of the host's memory that each rank takes besides: offloaded state, what collectives work on if they do not
     * reach the device's, the best parameters if kept, and what is copied out of it for checkpoints.
     */
    public long hostBytesPerDevice() {
        long evaluation = validation == null ? 0 : validation.program().memory().hostBytes();
        return step.memory().hostBytes() + evaluation + keptBestBytes() + checkpointBytes();
    }

    private long checkpointBytes() {
        return checkpoint.isOn() && checkpoint.async() ? shardOwners().copyBytes() : 0;
    }

    /** Which rank writes what of a checkpoint. */
    public ShardOwners shardOwners() {
        return ShardOwners.of(mesh, states, keepsBest());
    }

    /** Whether the best parameters so far are kept. */
    boolean keepsBest() {
        return validation != null && validation.how().keepBest();
    }

    /**
     * Whether ranks that survive a failure can give others all states from their memory: several hold the same, and all
     * of it in the arena of the step.
     */
    public boolean goesOnFromMemory() {
        return elastic.fromMemory()
                && StateReplicas.of(mesh, states).numReplicas() > 1
                && step.memory().hostBytes() == 0
                && !keepsBest();
    }

    /** A text that two plans share only if their states lie in the same places of an arena of the same size. */
    public String layoutOfStates() {
        StringBuilder text = new StringBuilder(mesh + " " + step.memory().arenaBytes());
        for (PlannedState state : states) {
            int value = step.program().input(state.name()).value();
            text.append('\n').append(state.name()).append(' ').append(state.spec());
            text.append(' ').append(step.memory().slots().get(value));
        }
        return text.toString();
    }

    /** Bytes of the memory that a device has: all of it, if it shares the host's. */
    public long peakBytesPerDevice(DeviceTraits traits) {
        return step.memory().arenaBytes() + (traits.sharesHostMemory() ? hostBytesPerDevice() : 0);
    }

    private long keptBestBytes() {
        return keepsBest() ? BestParameters.bytes(this) : 0;
    }

    private long stateBytes(boolean parameters) {
        return states.stream()
                .filter(state -> state.isParameter() == parameters)
                .mapToLong(state -> step.program()
                        .typeOf(step.program().input(state.name()).value())
                        .bytes())
                .sum();
    }
}
