package dev.tartan.spark.runtime;

import dev.tartan.backend.Backend;
import dev.tartan.network.NetworkFactory;
import dev.tartan.path.UriPath;
import dev.tartan.train.Backends;
import dev.tartan.train.MeshTrainer;
import dev.tartan.train.NonFiniteException;
import dev.tartan.train.RunControl;
import dev.tartan.train.RunFiles;
import dev.tartan.train.StopSignal;
import dev.tartan.train.TrainingListener;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.TrainingStoppedException;
import dev.tartan.train.checkpoint.RankPart;
import dev.tartan.train.memory.HeldStates;
import dev.tartan.train.metrics.RankMetrics;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import dev.tartan.train.profile.ChromeTrace;
import dev.tartan.train.profile.StepProfile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.spark.SparkEnv;
import org.apache.spark.util.Utils;
import org.jspecify.annotations.Nullable;

/**
 * Trains a plan with the ranks of this process as device threads; process 0 reports each step to the driver and returns
 * the result.
 */
final class TrainingTask implements MeshTask<TrainingPlan, TrainingResult> {
    private static final long serialVersionUID = 1;

    /** Spark's name of the driver, where tasks run in local mode. */
    static final String DRIVER = "driver";

    private static final String FIRST_STATE = "first-state.safetensors";
    private static final int ATTEMPT_DIGITS = 12;
    private static final Duration JOINING = Duration.ofMinutes(1);

    private final NetworkFactory network;
    private final JobCredentials credentials;
    private final @Nullable RowReader reader;
    private final @Nullable ShippedFile state;
    private final KnownSteps known;

    /**
     * Makes a task.
     *
     * @param reader of the rows given to the task; null if the plan has samples of its own
     * @param state the file of the plan's first state, if it comes from the driver; else null
     * @param known of the run when this attempt begins
     */
    TrainingTask(
            NetworkFactory network,
            JobCredentials credentials,
            @Nullable RowReader reader,
            @Nullable ShippedFile state,
            KnownSteps known) {
        this.network = network;
        this.credentials = credentials;
        this.reader = reader;
        this.state = state;
        this.known = known;
    }

    @Override
    public @Nullable TrainingResult run(TrainingPlan plan, MeshTaskContext context)
            throws InterruptedException, IOException {
        ShippedFile sent = state == null || state.isHere() ? null : state;
        RunFiles files = plan.files();
        if (sent == null && isWrittenHere(files.output(), context) && isWrittenHere(files.finalState(), context)) {
            return train(plan, context);
        }
        // Spark's own folder, which is removed even if this process is killed.
        Path local = Path.of(Utils.getLocalDir(SparkEnv.get().conf()));
        Path staging = Files.createTempDirectory(local, "tartan-results");
        try {
            TrainingPlan staged = plan.staged(staging);
            if (sent != null) {
                Path received = staging.resolve(FIRST_STATE);
                sent.writeTo(received);
                staged = staged.initialStateFrom(received);
            }
            TrainingResult result = train(staged, context);
            if (result != null) {
                send(staging, context);
            }
            return result;
        } finally {
            delete(staging);
        }
    }

    private static boolean isWrittenHere(@Nullable Path result, MeshTaskContext context) {
        return result == null || (context.executorId().equals(DRIVER) && UriPath.isLocal(result));
    }

    /**
     * The output folder is the driver's, which may be on another machine, or in a store, which takes no bytes out of
     * order.
     */
    private static void send(Path staging, MeshTaskContext context) throws IOException, InterruptedException {
        for (String name : List.of(
                MeshTrainer.FINAL_FILE, MeshTrainer.GRADIENTS_FILE, RunFiles.STAGED_STATE, ChromeTrace.FILE_NAME)) {
            Path file = staging.resolve(name);
            if (Files.exists(file)) {
                context.sendFile(name, file);
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        }
        Files.deleteIfExists(folder);
    }

    @SuppressWarnings("try") // The poll works by itself.
    private @Nullable TrainingResult train(TrainingPlan plan, MeshTaskContext context) throws InterruptedException {
        StopSignal stop = new StopSignal();
        RunControl control =
                new RunControl(attemptName(context.runId(), context.attempt()), part -> tell(context, part), stop);
        boolean asks = plan.checkpoint().isOn() && context.taskIndex() == 0;
        try (StopPoll poll = asks ? new StopPoll(context, stop) : null) {
            return train(plan, context, control);
        }
    }

    /** Letters and digits that no other attempt at any run has. */
    static String attemptName(String runId, int attempt) {
        String run = runId.replaceAll("[^0-9a-f]", "");
        return run.substring(Math.max(0, run.length() - ATTEMPT_DIGITS)) + "x" + attempt;
    }

    private static void tell(MeshTaskContext context, RankPart part) {
        try {
            context.tell(part);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable TrainingResult train(TrainingPlan plan, MeshTaskContext context, RunControl control)
            throws InterruptedException {
        // What this executor holds of another run, or of this one over another number of executors, is of no use now.
        HeldStates.ofJvm().begin(SparkRunMemory.owner(context), plan.layoutOfStates(), holdLimit(plan));
        if (context.numTasks() == 1) {
            try (ReadSamples rows = read(plan, context, 0)) {
                return MeshTrainer.run(
                        rows == null ? plan : rows.in(plan),
                        network,
                        Backends.of(plan.device().kind(), plan.mesh().numRanks()),
                        new Reports(context),
                        control);
            }
        }
        MeshTrainer.checkProcesses(plan, context.numTasks());
        try (JoinedMesh mesh = JoinedMesh.join(plan, credentials, context);
                ReadSamples rows = read(plan, context, mesh.ranks().process())) {
            if (rows != null) {
                // The first collective has a deadline, and processes do not take equally long to read.
                context.allGather("rows are read");
            }
            Backend backend = Backends.of(plan.device().kind(), mesh.numRanksOnMachine());
            TrainingResult result = MeshTrainer.run(
                    rows == null ? plan : rows.in(plan),
                    network,
                    backend,
                    mesh.ranks(),
                    new Reports(context),
                    control.with(new SparkRunMemory(context, known, mesh.tasks(), holdLimit(plan))));
            mesh.logLinks();
            return result;
        }
    }

    /** The next attempt may wait so long for executors, and takes a while to join. */
    private static Duration holdLimit(TrainingPlan plan) {
        return Duration.ofSeconds(plan.elastic().waitSeconds()).plus(JOINING);
    }

    private @Nullable ReadSamples read(TrainingPlan plan, MeshTaskContext context, int process) {
        return reader == null ? null : ReadSamples.of(reader, plan, context, process);
    }

    /** The same numbers would come out again; and who stopped a run does not want it to go on. */
    @Override
    public boolean isFinal(Exception failure) {
        return failure instanceof NonFiniteException
                || failure instanceof TrainingStoppedException
                || MeshTask.super.isFinal(failure);
    }

    /** Reports to the driver what happens in process 0, and what ranks of all processes spend their time on. */
    private record Reports(MeshTaskContext context) implements TrainingListener {
        @Override
        public void onStep(StepMetrics metrics) {
            context.report(metrics);
        }

        @Override
        public void onValidation(ValidationMetrics metrics) {
            context.report(metrics);
        }

        @Override
        public void onRank(RankMetrics metrics) {
            context.report(metrics);
        }

        @Override
        public void onProfile(StepProfile profile) {
            context.report(profile);
        }
    }
}
