package dev.tartan.train;

import dev.tartan.backend.Backend;
import dev.tartan.checkpoint.SafetensorsWriter;
import dev.tartan.collective.ElementType;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.execute.RankExecutor;
import dev.tartan.mesh.Mesh;
import dev.tartan.network.LanguageModel;
import dev.tartan.network.Network;
import dev.tartan.network.NetworkFactory;
import dev.tartan.train.config.CollectiveConfig;
import dev.tartan.train.config.OnNonFinite;
import dev.tartan.train.data.BatchSource;
import dev.tartan.train.data.ReadAhead;
import dev.tartan.train.data.SampleSource;
import dev.tartan.train.data.TextSamples;
import dev.tartan.train.graph.TrainStepGraph;
import dev.tartan.train.metrics.ValidationMetrics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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

    private MeshTrainer(
            TrainingPlan plan, NetworkFactory factory, Backend backend, ProcessRanks ranks, TrainingListener listener) {
        this.plan = plan;
        this.factory = factory;
        this.mesh = plan.mesh();
        this.backend = backend;
        this.record = new RunRecord(plan, listener);
        this.ranks = ranks;
    }

    /**
     * Checks what can be checked of a plan's files before any rank starts: the data, and {@code init.from}.
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
        Path from = plan.files().initial();
        if (from == null) {
            return null;
        }
        InitialParameters initial = InitialParameters.open(from, network.checkpointForm(), plan.parameters());
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
     * @throws IllegalArgumentException if they do not divide evenly
     */
    public static void checkProcesses(TrainingPlan plan, int numProcesses) {
        ProcessRanks.numRanksPerProcess(plan.mesh().numRanks(), numProcesses);
    }

    /**
     * Trains with all ranks in this process, writes {@code final.safetensors} into the output folder, and generates a
     * sample if the data is text.
     *
     * @param factory of the network that the plan was compiled from
     * @param backend shared by all ranks
     * @throws IllegalArgumentException if data or {@code init.from} do not fit the network
     * @throws InterruptedException if this thread is interrupted; all device threads have ended by then
     */
    public static TrainingResult run(
            TrainingPlan plan, NetworkFactory factory, Backend backend, TrainingListener listener)
            throws InterruptedException {
        try (MeshCommunicators communicators = CommunicationOptions.withinProcess(plan.mesh(), plan.collective())) {
            ProcessRanks ranks = ProcessRanks.all(communicators);
            return Objects.requireNonNull(new MeshTrainer(plan, factory, backend, ranks, listener).run());
        }
    }

    /**
     * As {@link #run(TrainingPlan, NetworkFactory, Backend, TrainingListener)}, with the mesh ranks of one process of
     * several, each of which makes this call. Each reads data and {@code init.from} from its own file system; process 0
     * alone reports, writes files and generates the sample. Whatever ends one process's call ends the others', by the
     * communicators.
     *
     * @param backend shared by the ranks of this process
     * @param ranks those of this process, over communicators that are used for nothing else
     * @param listener told of steps in process 0 only
     * @return null in processes other than 0
     * @throws IllegalArgumentException also if the communicators are of another mesh
     */
    public static @Nullable TrainingResult run(
            TrainingPlan plan, NetworkFactory factory, Backend backend, ProcessRanks ranks, TrainingListener listener)
            throws InterruptedException {
        return new MeshTrainer(plan, factory, backend, ranks, listener).run();
    }

    private @Nullable TrainingResult run() throws InterruptedException {
        Network network = factory.create();
        Path finalFile = plan.files().result(FINAL_FILE);
        try {
            checkRanks();
            checkOffload();
            train(network, finalFile);
        } catch (RuntimeException | Error | InterruptedException e) {
            // Other processes' ranks wait for this one's, which may not even have started.
            ranks.communicators().abort(ranks.firstRank(), e);
            throw e;
        }
        if (!ranks.holdsRankZero()) {
            return null;
        }
        String sample =
                network instanceof LanguageModel language && finalFile != null ? sample(language, finalFile) : null;
        return new TrainingResult(record.summary(), record.steps(), record.validations(), sample);
    }

    private void checkRanks() {
        int numRanks = ranks.communicators().numRanks();
        if (numRanks != mesh.numRanks()) {
            throw new IllegalArgumentException("communicators are of another mesh: numRanks=" + numRanks + ", mesh="
                    + mesh + ". Give those of the plan's mesh.");
        }
        checkProcesses(plan, ranks.numProcesses());
    }

    /**
     * A plan for devices that share the host's memory leaves optimizer state where it is, which would be wrong here.
     */
    private void checkOffload() {
        boolean keepsState = plan.optimizerBytesPerDevice() > 0;
        boolean offloads = plan.step().memory().hostBytes() > 0;
        if (plan.strategy().offloadOptimizer() && keepsState && !offloads && !backend.sharesHostMemory()) {
            throw new IllegalArgumentException("plan keeps optimizer state on the devices, though"
                    + " strategy.offloadOptimizer=true and their memory is not the host's. Compile it for the backend"
                    + " that runs it.");
        }
    }

    private void train(Network network, @Nullable Path finalFile) throws InterruptedException {
        Path gradientsFile = plan.hasGradientOutputs() ? plan.files().result(GRADIENTS_FILE) : null;
        try (BatchSource samples = samples(plan).open(plan.batches());
                ReadAhead data =
                        new ReadAhead(samples, plan.rankSamples(), plan.train().steps());
                ValidationData validation = ValidationData.open(plan);
                SafetensorsWriter writer = create(finalFile, plan.parameters());
                SafetensorsWriter gradients = create(gradientsFile, plan.trainedParameters());
                InitialParameters initial = openInitial(plan, network)) {
            new MeshRun(backend, ranks).run(rank -> train(rank, network, data, validation, initial, writer, gradients));
            if (writer != null) {
                writer.finish();
            }
            if (gradients != null) {
                gradients.finish();
            }
        }
    }

    private @Nullable SafetensorsWriter create(@Nullable Path path, List<PlannedState> states) {
        if (path == null || !ranks.holdsRankZero()) {
            return null;
        }
        Map<String, String> metadata = new LinkedHashMap<>(Map.of("format", "pt"));
        if (plan.samples() instanceof TextSamples) {
            metadata.putAll(TextVocabulary.metadata());
        }
        return SafetensorsWriter.create(path, ParameterFile.declarations(states), metadata);
    }

    private void train(
            int rank,
            Network network,
            ReadAhead data,
            @Nullable ValidationData validationData,
            @Nullable InitialParameters initial,
            @Nullable SafetensorsWriter writer,
            @Nullable SafetensorsWriter gradients)
            throws InterruptedException {
        try (RankExecutor executor = new RankExecutor(
                        plan.step().program(),
                        plan.step().memory(),
                        rank,
                        backend,
                        ranks.communicators(),
                        gradients(plan.collective().gradients()));
                RankValidation validation = RankValidation.bind(plan, rank, executor, backend, validationData)) {
            record.allocated(executor.arenaBytes());
            RankTrainer trainer = new RankTrainer(plan, rank, executor);
            ParameterWriter parameters = new ParameterWriter(mesh, rank, backend, ranks);
            trainer.initialize(network, initial);
            StepCommunication communication = new StepCommunication(ranks.communicators(), rank);
            long steps = plan.train().steps();
            long step = 0;
            boolean goesOn = true;
            for (; step < steps && goesOn; step++) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("training was interrupted before step " + step);
                }
                long start = System.nanoTime();
                trainer.step(step, data);
                double millis = (System.nanoTime() - start) / 1e6;
                conclude(rank, step, trainer, millis);
                if (step == 0 && plan.hasGradientOutputs() && plan.files().output() != null) {
                    trainer.saveGradients(parameters, gradients);
                }
                if (validation != null && validation.isDue(step, steps)) {
                    communication.pause();
                    ValidationMetrics round = validation.evaluate(step);
                    communication.resume();
                    if (rank == 0) {
                        record.validated(round);
                    }
                    goesOn = !validation.isExhausted();
                }
            }
            if (rank == 0) {
                record.waitedForData(trainer.dataNanos());
                record.communicated(communication.totals());
                record.communicated(executor.exposedCommunicationNanos(), communication.callNanos());
            }
            if (validation != null) {
                validation.restoreBest();
                if (rank == 0) {
                    record.validated(validation.bestRound(), step < steps, validation.keepsBest());
                }
            }
            trainer.checkParameters(step - 1);
            if (plan.files().output() != null) {
                trainer.save(parameters, writer);
            }
        }
    }

    /** Every rank sees the same numbers, so all go on, or none. */
    private void conclude(int rank, long step, RankTrainer trainer, double millis) {
        double loss = trainer.loss();
        double gradNorm = trainer.gradNorm();
        boolean isFinite = TrainStepGraph.isFinite(loss, gradNorm);
        if (rank == 0) {
            record.stepped(step, loss, gradNorm, trainer.reports(), millis);
            if (!isFinite) {
                record.skipped();
            }
        }
        if (!isFinite && plan.train().onNonFinite() == OnNonFinite.STOP) {
            throw NonFiniteException.ofStep(step, loss, gradNorm);
        }
    }

    private static ElementType gradients(CollectiveConfig.GradientType type) {
        return switch (type) {
            case FLOAT32 -> ElementType.FLOAT32;
            case BFLOAT16 -> ElementType.BFLOAT16;
        };
    }

    private @Nullable String sample(LanguageModel network, Path parameters) throws InterruptedException {
        CompiledProgram logits = plan.logits();
        if (logits == null) {
            return null;
        }
        return new TextSampler(plan, logits, network, backend).sample(parameters);
    }
}
