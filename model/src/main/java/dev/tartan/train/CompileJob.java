package dev.tartan.train;

import dev.tartan.graph.DType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.MemoryKind;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.StorageLayout;
import dev.tartan.network.LanguageModel;
import dev.tartan.network.Network;
import dev.tartan.network.PresentFields;
import dev.tartan.partition.CollectiveSchedule;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.OffloadStates;
import dev.tartan.partition.PartitionGraph;
import dev.tartan.partition.Program;
import dev.tartan.partition.ScheduleCollectives;
import dev.tartan.partition.StartCollectives;
import dev.tartan.plan.BufferSlot;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.plan.PlanMemory;
import dev.tartan.plan.cost.NetworkFlops;
import dev.tartan.plan.cost.StepFlops;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.config.OnNonFinite;
import dev.tartan.train.config.PrecisionPolicy;
import dev.tartan.train.config.ProfileConfig;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.config.ValidationConfig;
import dev.tartan.train.data.SampleSource;
import dev.tartan.train.data.TextSamples;
import dev.tartan.train.graph.EvaluationGraph;
import dev.tartan.train.graph.LogitsGraph;
import dev.tartan.train.graph.PlannedState;
import dev.tartan.train.graph.RunMesh;
import dev.tartan.train.graph.StateBinding;
import dev.tartan.train.graph.StepOptions;
import dev.tartan.train.graph.TrainStepGraph;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Compiles a {@link TrainingJob}. Used once. */
final class CompileJob {
    /** How many buckets of gradients may be under way at once. */
    private static final long SCATTERS_UNDER_WAY = 4;

    private static final long LEAST_BUCKET_BYTES = 1 << 16;

    /** A bucket has no more than this part of a rank's gradients. */
    private static final long LEAST_BUCKETS = 8;

    private final TrainingJob job;
    private final DeviceTraits traits;

    CompileJob(TrainingJob job, DeviceTraits traits) {
        this.job = job;
        this.traits = traits;
    }

    TrainingPlan run() {
        if (job.strategy().isAutomatic()) {
            throw new IllegalStateException("strategy of the run is still to be picked: strategy=auto");
        }
        SampleSource samples = job.samples();
        // What is brought later is planned before it is counted, and compiled again then.
        if (job.epochs() > 0 && (samples == null || !samples.isBrought())) {
            throw new IllegalArgumentException("job has a number of epochs, but its samples are not counted: epochs="
                    + job.epochs() + ". Give TrainingJob.steps, or train on the rows of a DataFrame.");
        }
        checkElementTypes();
        Mesh mesh = RunMesh.of(job.mesh().data(), job.mesh().model(), job.strategy());
        Network network = job.create();
        PresentFields fields = samples == null ? PresentFields.REQUIRED : samples.fields(network);
        StepOptions options = new StepOptions(
                mesh,
                job.train().globalBatch(),
                job.train().microBatches(),
                job.train().seed(),
                job.precision(),
                job.hasGradientOutputs(),
                job.strategy(),
                fields);
        if (job.train().onNonFinite() == OnNonFinite.SKIP) {
            options = options.skippingNonFinite();
        }
        checkProfile();
        TrainStepGraph graph = TrainStepGraph.trace(network, job.optimizer(), job.clip(), options);
        CompiledProgram alone = compileStep(mesh, graph);
        PlannedValidation validation = compileValidation(network, options, alone, graph);
        CompiledProgram step = validation == null
                ? alone
                : new CompiledProgram(
                        alone.program(),
                        alone.memory().inArenaOf(validation.program().memory().arenaBytes()));
        List<String> notes = new ArrayList<>(graph.notes());
        long more = step.memory().arenaBytes() - alone.memory().arenaBytes();
        if (more > 0) {
            notes.add("validation needs more memory than a step: bytesPerDevice=" + more);
        }
        notes.addAll(step.program().notes());
        if (network instanceof LanguageModel language
                && samples instanceof TextSamples
                && job.files().initial() == null) {
            notes.addAll(TextVocabulary.notes(language.vocab()));
        }
        return new TrainingPlan(
                network.title(),
                network.tokensPerSample(),
                mesh,
                traits.profile(),
                job.train(),
                job.strategy(),
                job.collective(),
                fields.of(network),
                samples,
                job.files(),
                step,
                compileLogits(network),
                validation,
                graph.states().stream().map(PlannedState::of).toList(),
                graph.gradientBytesPerDevice(),
                network.numParameters(),
                new StepFlops(NetworkFlops.ofStep(graph.graph()), job.peakFlops()),
                job.optimizer() + ", " + job.clip(),
                checkpoint(),
                job.elastic(),
                notes);
    }

    private void checkElementTypes() {
        PrecisionPolicy precision = job.precision();
        List<DType> missing = Stream.of(precision.parameters(), precision.compute(), precision.reduce())
                .distinct()
                .filter(type -> !traits.profile().elementTypes().contains(type))
                .toList();
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException("device has no kernels for an element type of the run: device="
                    + traits.profile().kind() + " '" + traits.profile().name() + "', types=" + missing
                    + ". Set precision.* to one of " + traits.profile().elementTypes() + ", or choose device=cpu.");
        }
    }

    private void checkProfile() {
        ProfileConfig how = job.train().profile();
        if (how.isOn() && job.epochs() == 0 && how.after() >= job.train().steps()) {
            throw new IllegalArgumentException("run ends before the steps that are to be traced: train.profile.after="
                    + how.after() + ", train.steps=" + job.train().steps()
                    + ". Give train.profile.after a smaller number.");
        }
    }

    private CheckpointConfig checkpoint() {
        CheckpointConfig how = job.checkpoint();
        if (how.isOn() && how.folder(job.files().output()) == null) {
            throw new IllegalArgumentException(
                    "checkpoints have no folder: checkpoint=" + how + ". Give checkpoint.dir, or an output folder.");
        }
        return how;
    }

    private CompiledProgram compileStep(Mesh mesh, TrainStepGraph graph) {
        StrategyConfig strategy = job.strategy();
        Map<Value, PartitionSpec> given = new LinkedHashMap<>();
        Map<String, PartitionSpec> outputs = new LinkedHashMap<>();
        Map<String, String> replaced = new LinkedHashMap<>();
        graph.states().forEach(state -> {
            given.put(state.input(), state.spec());
            String label = state.outputLabel();
            if (label != null) {
                outputs.put(label, state.spec());
                replaced.put(label, state.name());
            }
            String gradient = TrainStepGraph.gradientLabel(state.name());
            if (graph.graph().outputs().containsKey(gradient)) {
                outputs.put(gradient, state.spec());
            }
        });
        graph.batch().forEach(field -> given.put(field.input(), field.spec()));
        Program partitioned = PartitionGraph.run(mesh, graph.graph(), given, outputs, graph.trained());
        long bucketBytes = bucketBytes(mesh, graph, strategy);
        Program scheduled = ScheduleCollectives.run(partitioned, schedule(strategy, bucketBytes));
        Program program = strategy.overlap() && mesh.numRanks() > 1
                ? StartCollectives.run(
                        scheduled,
                        Instruction::isMovable,
                        SCATTERS_UNDER_WAY * Math.max(bucketBytes, LEAST_BUCKET_BYTES))
                : scheduled;
        Program placed = OffloadStates.run(program, offloaded(graph, strategy, traits));
        Set<String> kept = graph.states().stream().map(StateBinding::name).collect(Collectors.toUnmodifiableSet());
        return CompiledProgram.of(placed, replaced, kept, traits);
    }

    /** Optimizer state that is to wait in host memory: none if it is there anyway. */
    private static Map<String, String> offloaded(TrainStepGraph graph, StrategyConfig strategy, DeviceTraits traits) {
        Map<String, String> states = new LinkedHashMap<>();
        if (strategy.offloadOptimizer() && !traits.sharesHostMemory()) {
            for (StateBinding state : graph.states()) {
                String label = state.outputLabel();
                if (label != null && state.kind() == StateBinding.Kind.OPTIMIZER) {
                    states.put(label, state.name());
                }
            }
        }
        return states;
    }

    /**
     * A network of few bytes is reduced in several buckets, too: one alone would hide behind nothing, and all be held.
     */
    private static long bucketBytes(Mesh mesh, TrainStepGraph graph, StrategyConfig strategy) {
        long parameterBytes = graph.states().stream()
                .filter(state -> state.kind() == StateBinding.Kind.PARAMETER)
                .mapToLong(state -> usedBytes(mesh, state))
                .sum();
        return Math.min(strategy.bucketBytes(), parameterBytes / LEAST_BUCKETS);
    }

    private static long usedBytes(Mesh mesh, StateBinding state) {
        StorageLayout layout = state.layout();
        Shape local = NamedSharding.of(mesh, layout.usedSpec()).localShape(layout.used());
        return state.input().type().withShape(local).bytes();
    }

    private static CollectiveSchedule schedule(StrategyConfig strategy, long bucketBytes) {
        return new CollectiveSchedule(
                bucketBytes, strategy.overlap() ? strategy.prefetchBytes() : 0, strategy.zero() != 1);
    }

    /** The forward pass of validation samples, with what the step keeps where the step keeps it. */
    private @Nullable PlannedValidation compileValidation(
            Network network, StepOptions options, CompiledProgram step, TrainStepGraph trained) {
        ValidationConfig how = job.validation();
        if (how == null) {
            return null;
        }
        SampleSource samples = how.samples();
        if (samples == null) {
            throw new IllegalArgumentException("validation has no samples: everySteps=" + how.everySteps()
                    + ". Give the training samples Samples.validation(frame), or the job TrainingJob.validation.");
        }
        // As with epochs, what is brought later is planned before it is counted.
        if (how.everySteps() == ValidationConfig.EPOCH && !samples.isBrought()) {
            throw new IllegalArgumentException("validation goes by epochs, but the job's samples are not counted."
                    + " Give TrainingJob.validateEvery a number of steps, or train on the rows of a DataFrame.");
        }
        PresentFields stored = samples.fields(network);
        EvaluationGraph graph =
                EvaluationGraph.trace(network, options.withFields(new PresentFields(stored.optional(), true)));
        checkJudgedBy(how, graph);
        Program program = PartitionGraph.run(options.mesh(), graph.graph(), graph.inputSpecs(), Map.of());
        Map<String, BufferSlot> kept = new LinkedHashMap<>();
        for (StateBinding state : trained.states()) {
            int value = step.program().input(state.name()).value();
            if (step.program().values().get(value).memory() == MemoryKind.DEVICE) {
                kept.put(state.name(), step.memory().slots().get(value));
            }
        }
        int batch = job.train().globalBatch() / job.train().microBatches();
        return new PlannedValidation(
                how,
                stored.of(network),
                batch,
                CompiledProgram.of(
                        program, Map.of(), kept.keySet(), traits, each -> PlanMemory.runBeside(each, kept, traits)));
    }

    private static void checkJudgedBy(ValidationConfig how, EvaluationGraph graph) {
        List<String> names = graph.names();
        if (!names.contains(how.judgedBy())) {
            throw new IllegalArgumentException("validation is judged by a number that the network does not report:"
                    + " judgedBy=" + how.judgedBy() + ", reported=" + names + ". Name one of these.");
        }
    }

    private @Nullable CompiledProgram compileLogits(Network trained) {
        if (!(trained instanceof LanguageModel network) || !(job.samples() instanceof TextSamples)) {
            return null;
        }
        Mesh mesh = RunMesh.of(1, job.mesh().model());
        LogitsGraph graph = LogitsGraph.trace(network, mesh, DType.FLOAT32);
        Map<Value, PartitionSpec> given = new LinkedHashMap<>();
        graph.parameters().forEach(state -> given.put(state.input(), state.spec()));
        given.put(graph.tokens(), graph.tokensSpec());
        Program program = PartitionGraph.run(mesh, graph.graph(), given, Map.of());
        Set<String> parameters =
                graph.parameters().stream().map(StateBinding::name).collect(Collectors.toUnmodifiableSet());
        return CompiledProgram.of(program, Map.of(), parameters, traits);
    }
}
