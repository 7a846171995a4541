package dev.tartan.train;

import dev.tartan.backend.Backend;
import dev.tartan.checkpoint.SafetensorsWriter;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Mesh;
import dev.tartan.network.LanguageModel;
import dev.tartan.network.Network;
import dev.tartan.network.NetworkFactory;
import dev.tartan.train.checkpoint.CommitCheckpoints;
import dev.tartan.train.checkpoint.RestoredRun;
import dev.tartan.train.data.BatchSource;
import dev.tartan.train.data.LaterBatches;
import dev.tartan.train.data.ReadAhead;
import dev.tartan.train.data.SampleSource;
import dev.tartan.train.data.TextSamples;
import dev.tartan.train.graph.PlannedState;
import dev.tartan.train.graph.RunMesh;
import dev.tartan.train.memory.MemoryPick;
import dev.tartan.train.memory.RunMemory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Trains a plan with the mesh ranks of this process, which may be all, each as a device thread. Used once. */
public final class MeshTrainer {
    /** The trained parameters in the output folder. */
    public static final String FINAL_FILE = "final.safetensors";

    /** The gradients of step 0 in the output folder, for plans that have gradients as outputs. */
    public static final String GRADIENTS_FILE = "grad0.safetensors";

    private final TrainingPlan plan;
    private final NetworkFactory factory;
    private final Mesh mesh;
    private final Backend backend;
    private final ProcessRanks ranks;
    private final RunRecord record;
    private final RunControl control;

    private MeshTrainer(
            TrainingPlan plan,
            NetworkFactory factory,
            Backend backend,
            ProcessRanks ranks,
            TrainingListener listener,
            RunControl control) {
        this.plan = plan;
        this.factory = factory;
        this.mesh = plan.mesh();
        this.backend = backend;
        this.record = new RunRecord(plan, listener);
        this.ranks = ranks;
        this.control = control;
    }

    /**
     * Checks what can be checked of a plan's files before any rank starts: the data, {@code init.from}, and the
     * checkpoint to go on from.
     *
     * @return what the user may want to know of them
     * @throws IllegalArgumentException naming what is missing or does not fit
     */
    public static List<String> checkFiles(TrainingPlan plan, NetworkFactory factory) {
        List<String> notes = new ArrayList<>();
        try (InitialParameters initial = openInitial(plan, factory.create())) {
            if (initial != null) {
                notes.addAll(initial.notes());
            }
        }
        RunCheckpoints.checkStepsLeft(plan);
        RunCheckpoints.differences(plan)
                .forEach(difference -> notes.add("run goes on otherwise than its checkpoint was made: " + difference));
        SampleSource samples = samples(plan);
        if (!samples.isBrought()) {
            try (BatchSource data = samples.open(plan.batches())) {
                data.samples(0, 0, plan.train().globalBatch());
                notes.addAll(data.notes());
            }
        }
        ValidationData.check(plan);
        return notes;
    }

    private static @Nullable InitialParameters openInitial(TrainingPlan plan, Network network) {
        InitialState state = plan.files().initialState();
        Path from = plan.files().initial();
        if (state == null && from == null) {
            return null;
        }
        InitialParameters initial = state != null
                ? InitialParameters.openStates(state.file(), plan.statesOfParameters())
                : InitialParameters.open(Objects.requireNonNull(from), network.checkpointForm(), plan.parameters());
        try {
            if (network instanceof LanguageModel language && plan.samples() instanceof TextSamples) {
                TextVocabulary.check(language.vocab(), initial);
            }
            return initial;
        } catch (IllegalArgumentException e) {
            initial.close();
            throw e;
        }
    }

    private static SampleSource samples(TrainingPlan plan) {
        SampleSource samples = plan.samples();
        if (samples == null) {
            throw new IllegalArgumentException(
                    "job has no samples to train on: network=" + plan.network() + ". Give it TrainingJob.samples.");
        }
        return samples;
    }

    /**
     * Checks that the plan's ranks can be dealt out to {@code numProcesses}.
     *
     * @return what the user may want to know of how they are
     * @throws IllegalArgumentException if they do not divide evenly
     */
    public static List<String> checkProcesses(TrainingPlan plan, int numProcesses) {
        int numRanks = ProcessRanks.numRanksPerProcess(plan.mesh().numRanks(), numProcesses);
        int group = plan.mesh().numRanks() / RunMesh.numReplicas(plan.mesh());
        boolean reachesOut = group < plan.mesh().numRanks() && numRanks % group != 0;
        List<String> notes = new ArrayList<>(MeshSpread.notes(plan, numRanks));
        if (reachesOut) {
            notes.add("groups of strategy.shard reach out of their executors, so that what they gather travels"
                    + " between executors: ranksPerGroup=" + group + ", ranksPerExecutor=" + numRanks
                    + ". Give each executor a whole number of groups if links within it are faster.");
        }
        return notes;
    }

    /**
     * Trains with all ranks in this process, writes {@code final.safetensors} into the output folder, and generates a
     * sample if the data is text. Writes the plan's checkpoints too.
     *
     * @param factory of the network that the plan was compiled from
     * @param backend shared by all ranks
     * @throws IllegalArgumentException if data, {@code init.from} or the checkpoint to go on from do not fit the
     *     network
     * @throws InterruptedException if this thread is interrupted; all device threads have ended by then
     */
    public static TrainingResult run(
            TrainingPlan plan, NetworkFactory factory, Backend backend, TrainingListener listener)
            throws InterruptedException {
        if (RunCheckpoints.folder(plan) == null) {
            return run(plan, factory, backend, listener, withoutCheckpoints());
        }
        StepHistory history = new StepHistory(listener);
        try (CommitCheckpoints commits = RunCheckpoints.committer(plan, history::linesBefore, listener::onCheckpoint)) {
            RunControl control = new RunControl(RunCheckpoints.newAttempt(), commits, new StopSignal());
            RunCheckpoints.begin(commits, plan, control.attempt());
            return run(plan, factory, backend, history, control);
        }
    }

    private static RunControl withoutCheckpoints() {
        return new RunControl("", part -> {}, new StopSignal());
    }

    /** As above, for a caller that commits checkpoints and may stop the run. */
    public static TrainingResult run(
            TrainingPlan plan, NetworkFactory factory, Backend backend, TrainingListener listener, RunControl control)
            throws InterruptedException {
        try (MeshCommunicators communicators = CommunicationOptions.withinProcess(plan.mesh(), plan.collective())) {
            ProcessRanks ranks = ProcessRanks.all(communicators);
            return Objects.requireNonNull(new MeshTrainer(plan, factory, backend, ranks, listener, control).run());
        }
    }

    /**
     * As {@link #run(TrainingPlan, NetworkFactory, Backend, TrainingListener, RunControl)}, with the mesh ranks of one
     * process of several, each of which makes this call. Each reads data and {@code init.from} from its own file system
     * and writes its ranks' part of checkpoints; process 0 alone reports, writes other files and generates the sample.
     * Whatever ends one process's call ends the others', by the communicators.
     *
     * @param backend shared by the ranks of this process
     * @param ranks those of this process, over communicators that are used for nothing else
     * @param listener told of steps in process 0 only
     * @return null in processes other than 0
     * @throws IllegalArgumentException also if the communicators are of another mesh
     */
    public static @Nullable TrainingResult run(
            TrainingPlan plan,
            NetworkFactory factory,
            Backend backend,
            ProcessRanks ranks,
            TrainingListener listener,
            RunControl control)
            throws InterruptedException {
        return new MeshTrainer(plan, factory, backend, ranks, listener, control).run();
    }

    /**
     * As above, of a plan without checkpoints.
     *
     * @throws IllegalArgumentException also if the plan has checkpoints, which somebody must commit
     */
    public static @Nullable TrainingResult run(
            TrainingPlan plan, NetworkFactory factory, Backend backend, ProcessRanks ranks, TrainingListener listener)
            throws InterruptedException {
        if (RunCheckpoints.folder(plan) != null) {
            throw new IllegalArgumentException("nobody commits the checkpoints of the plan: checkpoint="
                    + plan.checkpoint() + ". Give a RunControl.");
        }
        return run(plan, factory, backend, ranks, listener, withoutCheckpoints());
    }

    private @Nullable TrainingResult run() throws InterruptedException {
        Network network = factory.create();
        Path finalFile = plan.files().result(FINAL_FILE);
        try {
            checkRanks();
            checkDevices();
            train(network, finalFile);
        } catch (RuntimeException | Error | InterruptedException e) {
            // Other processes' ranks wait for this one's, which may not even have started.
            ranks.communicators().abort(ranks.firstRank(), e);
            throw e;
        }
        if (!ranks.holdsRankZero()) {
            return null;
        }
        String sample = network instanceof LanguageModel language && finalFile != null && hasDevicesToGenerate()
                ? sample(language, finalFile)
                : null;
        return new TrainingResult(record.summary(), record.steps(), record.validations(), record.profile(), sample);
    }

    /** Text is generated by a whole group along {@code model} in one process. */
    private boolean hasDevicesToGenerate() {
        return plan.device().sharesHostMemory() || ranks.numRanks() >= mesh.axisSize(RunMesh.MODEL_AXIS);
    }

    private void checkRanks() {
        int numRanks = ranks.communicators().numRanks();
        if (numRanks != mesh.numRanks()) {
            throw new IllegalArgumentException("communicators are of another mesh: numRanks=" + numRanks + ", mesh="
                    + mesh + ". Give those of the plan's mesh.");
        }
        checkProcesses(plan, ranks.numProcesses());
    }

    private void checkDevices() {
        Set<DType> types = EnumSet.noneOf(DType.class);
        plan.step().program().values().forEach(value -> types.add(value.type().dtype()));
        long bytes = plan.step().memory().arenaBytes();
        ranks.ranks()
                .forEach(rank ->
                        plan.device().require(ranks.device(backend, rank).profile(), bytes, types));
    }

    private void train(Network network, @Nullable Path finalFile) throws InterruptedException {
        RunMemory link = control.memory();
        try (ProcessMemory memory =
                link == null || !plan.goesOnFromMemory() ? null : ProcessMemory.agree(plan, ranks, link)) {
            train(network, finalFile, memory);
        }
    }

    private void train(Network network, @Nullable Path finalFile, @Nullable ProcessMemory memory)
            throws InterruptedException {
        MemoryPick held = memory == null ? null : memory.pick();
        Path gradientsFile = plan.hasGradientOutputs() ? plan.files().result(GRADIENTS_FILE) : null;
        boolean coresAreBusy = BusyCores.with(ranks.numRanks(), backend);
        try (BatchSource samples = samples(plan).open(plan.batches());
                ReadAhead data = new ReadAhead(
                        following(samples), plan.rankSamples(), plan.train().steps(), coresAreBusy);
                ValidationData validation = ValidationData.open(plan, coresAreBusy);
                SafetensorsWriter writer = create(finalFile, plan.parameters());
                SafetensorsWriter gradients = create(gradientsFile, plan.trainedParameters());
                SafetensorsWriter states = create(plan.files().stateResult(), plan.statesOfParameters());
                InitialParameters initial = openInitial(plan, network)) {
            RestoredRun restored = held != null ? null : RunCheckpoints.restored(plan);
            if (held != null) {
                record.resumed(held.progress());
            } else if (restored != null) {
                record.resumed(restored.progress());
            }
            RankLoop loop = new RankLoop(
                    plan,
                    network,
                    ranks,
                    record,
                    control,
                    new RankLoop.Inputs(data, samples.stepsPerEpoch(), validation, initial, restored, memory),
                    new RankLoop.Outputs(writer, gradients, states));
            new MeshRun(backend, ranks, RunCheckpoints.folder(plan) == null ? null : control.stop()).run(loop::run);
            if (writer != null) {
                writer.finish();
            }
            if (gradients != null) {
                gradients.finish();
            }
            if (states != null) {
                states.finish();
            }
        }
    }

    /** The samples after those that the run's first state was trained on. */
    private BatchSource following(BatchSource samples) {
        InitialState state = plan.files().initialState();
        return state == null ? samples : new LaterBatches(samples, state.samplesBefore(samples.stepsPerEpoch()));
    }

    private @Nullable SafetensorsWriter create(@Nullable Path path, List<PlannedState> states) {
        if (path == null || !ranks.holdsRankZero()) {
            return null;
        }
        return SafetensorsWriter.create(path, ParameterFile.declarations(states), ParameterFile.metadata(plan));
    }

    private @Nullable String sample(LanguageModel network, Path parameters) throws InterruptedException {
        CompiledProgram logits = plan.logits();
        if (logits == null) {
            return null;
        }
        return new TextSampler(plan, logits, network, backend).sample(parameters);
    }
}
