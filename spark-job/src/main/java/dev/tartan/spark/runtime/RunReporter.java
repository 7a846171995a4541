package dev.tartan.spark.runtime;

import dev.tartan.spark.ui.RunEvent;
import dev.tartan.spark.ui.RunEvent.LossPoint;
import dev.tartan.spark.ui.RunEvent.MemoryPart;
import dev.tartan.spark.ui.RunEvent.Note;
import dev.tartan.spark.ui.RunEvent.OpTime;
import dev.tartan.spark.ui.RunEvent.RankPlace;
import dev.tartan.spark.ui.RunEvent.RankTime;
import dev.tartan.spark.ui.RunEvent.RunState;
import dev.tartan.spark.ui.RunEvent.StepPoint;
import dev.tartan.spark.ui.TartanTab;
import dev.tartan.train.PlannedBytes;
import dev.tartan.train.TrainingListener;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.TrainingStoppedException;
import dev.tartan.train.metrics.CheckpointMetrics;
import dev.tartan.train.metrics.RankMetrics;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import dev.tartan.train.profile.StepProfile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.spark.SparkContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells Spark's listeners of a run, and so its UI and its event log: at the beginning and the end, and in between once
 * a second at most, however short steps are. Safe for use by many threads.
 */
final class RunReporter implements TrainingListener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RunReporter.class);
    private static final long PAUSE_MILLIS = 1000;

    /** So many steps of a second are shown, so that logs of long runs stay small. */
    private static final int MOST_POINTS = 8;

    private final String run;
    private final Supplier<List<RankPlace>> places;
    private final Consumer<RunEvent> events;
    private final ScheduledExecutorService timer;
    private final List<StepPoint> points = new ArrayList<>();
    private final List<LossPoint> validations = new ArrayList<>();
    private final TreeMap<Integer, RankTime> times = new TreeMap<>();
    private final List<Note> notes = new ArrayList<>();
    private @Nullable Double mfu;
    private List<RankPlace> placed = List.of();
    private boolean over;

    /**
     * Tells that a run begins.
     *
     * @param places where the ranks of the attempt that runs are; none before they have begun
     * @param events takes what is told, by one thread at a time
     */
    RunReporter(String run, TrainingPlan plan, Supplier<List<RankPlace>> places, Consumer<RunEvent> events) {
        this.run = run;
        this.places = places;
        this.events = events;
        this.timer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "tartan-run-events");
            thread.setDaemon(true);
            return thread;
        });
        Path output = plan.files().output();
        events.accept(new RunEvent.Started(
                run,
                now(),
                plan.network(),
                plan.mesh().sizesByAxis(),
                plan.train().steps(),
                plan.numParameters(),
                plan.unit(),
                output == null ? null : output.toString(),
                memory(PlannedBytes.of(plan))));
        Future<?> unused = timer.scheduleAtFixedRate(this::tell, PAUSE_MILLIS, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Of a job that is about to run; Spark's UI has its tab from now on. */
    static RunReporter of(SparkContext spark, BarrierMeshJob job, LiveExecutors live, TrainingPlan plan) {
        boolean told = spark.getConf().getBoolean(TartanTab.ENABLED, true);
        if (told) {
            TartanTab.attach(spark);
        }
        return new RunReporter(
                job.runId(),
                plan,
                () -> RankPlaces.of(plan.mesh().numRanks(), job.executors(), live.list()),
                told ? spark.listenerBus()::post : event -> {});
    }

    private static List<MemoryPart> memory(PlannedBytes bytes) {
        return List.of(
                new MemoryPart("parameters", bytes.parameters()),
                new MemoryPart("gradients", bytes.gradients()),
                new MemoryPart("optimizer state", bytes.optimizerState()),
                new MemoryPart("activations", bytes.activations()));
    }

    private static long now() {
        return System.currentTimeMillis();
    }

    @Override
    public synchronized void onStep(StepMetrics step) {
        points.removeIf(point -> point.step() >= step.step());
        points.add(new StepPoint(step.step(), step.loss(), step.tokensPerSecond(), step.stepMillis()));
        mfu = step.mfu();
        if (points.size() > 2 * MOST_POINTS) {
            thin();
        }
    }

    /** Leaves every other point, the last among them. */
    private void thin() {
        for (int i = points.size() - 2; i >= 0; i -= 2) {
            points.remove(i);
        }
    }

    @Override
    public synchronized void onValidation(ValidationMetrics validation) {
        validations.add(new LossPoint(validation.step(), validation.loss()));
    }

    @Override
    public synchronized void onRank(RankMetrics rank) {
        times.put(
                rank.rank(),
                new RankTime(rank.rank(), rank.stepMillis(), rank.dataMillis(), rank.exposedCommunicationMillis()));
    }

    @Override
    public synchronized void onCheckpoint(CheckpointMetrics checkpoint) {
        CheckpointMetrics.Outcome outcome = checkpoint.checkpoint();
        String failure = outcome.failure();
        note(
                failure == null ? "checkpoint" : "no checkpoint",
                "after step " + (checkpoint.step() + 1) + ": "
                        + (failure == null ? outcome.path() + ", " + outcome.bytes() + " bytes" : failure));
    }

    @Override
    public synchronized void onRestart(long step, String reason) {
        note("recovery", "goes on with step " + (step + 1) + ", after: " + reason);
    }

    private void note(String kind, String text) {
        notes.add(new Note(now(), kind, text));
    }

    @Override
    public synchronized void onProfile(StepProfile profile) {
        List<OpTime> ops = profile.ops().stream()
                .map(op -> new OpTime(op.op(), op.phase(), op.calls(), op.millis()))
                .toList();
        events.accept(new RunEvent.Traced(run, now(), profile.firstStep(), profile.steps(), ops));
    }

    /** None if they cannot be told, as when the session is stopped meanwhile, which must not hide why the run ends. */
    private List<RankPlace> latestPlaces() {
        try {
            return places.get();
        } catch (RuntimeException e) {
            LOG.info("places of ranks cannot be told: run={}, reason={}", run, e.toString());
            return List.of();
        }
    }

    /** Tells what came since the last time, if anything did. */
    private synchronized void tell() {
        if (over) {
            return;
        }
        List<RankPlace> latest = latestPlaces();
        if (!latest.isEmpty() && !latest.equals(placed)) {
            placed = latest;
            events.accept(new RunEvent.Placed(run, now(), latest));
        }
        if (points.isEmpty() && validations.isEmpty() && times.isEmpty() && notes.isEmpty()) {
            return;
        }
        while (points.size() > MOST_POINTS) {
            thin();
        }
        events.accept(new RunEvent.Progressed(
                run,
                now(),
                List.copyOf(points),
                mfu,
                List.copyOf(validations),
                List.copyOf(times.values()),
                List.copyOf(notes)));
        points.clear();
        validations.clear();
        times.clear();
        notes.clear();
    }

    /** Does something that is the run, and tells how it ended. */
    TrainingResult reporting(Supplier<TrainingResult> training) {
        try {
            TrainingResult result = training.get();
            end(RunState.DONE, null);
            return result;
        } catch (RuntimeException e) {
            boolean stopped = e instanceof CancellationException || e instanceof TrainingStoppedException;
            end(
                    stopped ? RunState.STOPPED : RunState.FAILED,
                    String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
            throw e;
        }
    }

    private synchronized void end(RunState state, @Nullable String reason) {
        tell();
        if (!over) {
            over = true;
            events.accept(new RunEvent.Ended(run, now(), state, reason));
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
