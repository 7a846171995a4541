package dev.tartan.spark.runtime;

import dev.tartan.checkpoint.OutputException;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.train.RunFiles;
import dev.tartan.train.TrainingListener;
import dev.tartan.train.memory.RunBeginning;
import dev.tartan.train.metrics.CheckpointMetrics;
import dev.tartan.train.metrics.MetricsReader;
import dev.tartan.train.metrics.MetricsWriter;
import dev.tartan.train.metrics.RankMetrics;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import dev.tartan.train.profile.StepProfile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes what executors report of their steps and validations to {@code metrics.jsonl}, each once and in order, a
 * validation after its step, and shows it to a viewer; the files that they made beside it; and what became of
 * checkpoints. When another attempt goes on from an earlier step, the file is cut there. Safe for use by many threads.
 */
public final class StepRecorder implements ProgressListener, AutoCloseable {
    private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long POLL_MILLIS = 50;

    private final @Nullable Path folder;
    private final TrainingListener viewer;
    private final Consumer<OutputException> onDiskFailure;
    private final @Nullable ReceivedFiles files;
    private @Nullable Path stateFile;
    private @Nullable ReceivedFiles stateFiles;

    /** What stands in the file, in its order. */
    private final List<Object> entries = new ArrayList<>();

    /** Those whose turn is still to come, by step. */
    private final TreeMap<Long, StepMetrics> earlySteps = new TreeMap<>();

    private final TreeMap<Long, ValidationMetrics> earlyValidations = new TreeMap<>();

    private long nextStep;
    private long lastValidated = -1;
    private @Nullable MetricsWriter writer;
    private int attempt;
    private @Nullable OutputException diskFailure;

    /**
     * Starts the file.
     *
     * @param folder where the file goes; null for none
     * @param resumed the checkpoint that the run goes on from, with what was measured before it; null for none
     * @param viewer is given each step and validation once per attempt, in order
     * @param onDiskFailure is told when the folder cannot be used any more; called once
     * @throws OutputException if the file cannot be made
     */
    public StepRecorder(
            @Nullable Path folder,
            @Nullable ShardedCheckpoint resumed,
            TrainingListener viewer,
            Consumer<OutputException> onDiskFailure) {
        this.folder = folder;
        this.files = folder == null ? null : new ReceivedFiles(folder);
        this.viewer = viewer;
        this.onDiskFailure = onDiskFailure;
        long firstStep = resumed == null ? 0 : resumed.manifest().step();
        if (resumed != null) {
            entries.addAll(MetricsReader.readBefore(firstStep, resumed.attached(MetricsWriter.FILE_NAME)));
        }
        rewrite(firstStep);
    }

    /** Lets executors send the file of all states, which need not be in the folder; null for none. */
    synchronized void takeState(@Nullable Path file) {
        Path parent = file == null ? null : file.toAbsolutePath().getParent();
        stateFile = file;
        stateFiles = parent == null ? null : new ReceivedFiles(parent);
    }

    /**
     * Another attempt begins, and what follows comes from it alone.
     *
     * @param step its first step
     * @throws OutputException if the file cannot be written again
     */
    public synchronized void beginAt(int newAttempt, long step) {
        attempt = newAttempt;
        if (newAttempt > 0) {
            close();
            entries.removeIf(entry -> stepOf(entry) >= step);
            rewrite(step);
        }
    }

    /**
     * Another attempt begins, and will say where: nothing is cut before, and what others still report does not count.
     *
     * @return how many steps are recorded
     */
    public synchronized long expect(int newAttempt) {
        attempt = newAttempt;
        earlySteps.clear();
        earlyValidations.clear();
        return nextStep;
    }

    /**
     * The attempt that was expected has begun. From a checkpoint, what follows it is cut; from memory, what was
     * measured in between is recorded first.
     */
    public synchronized void begin(RunBeginning beginning) {
        if (diskFailure != null) {
            return;
        }
        try {
            if (beginning.memoryOf() == null || beginning.step() < nextStep) {
                beginAt(attempt, beginning.step());
            }
            beginning.steps().forEach(this::add);
            beginning.validations().forEach(this::add);
        } catch (OutputException e) {
            fail(e);
        }
    }

    private static long stepOf(Object entry) {
        if (entry instanceof StepMetrics step) {
            return step.step();
        }
        return entry instanceof ValidationMetrics validation ? validation.step() : ((CheckpointMetrics) entry).step();
    }

    private void rewrite(long step) {
        earlySteps.clear();
        earlyValidations.clear();
        nextStep = step;
        lastValidated = step - 1;
        writer = folder == null ? null : MetricsWriter.open(folder);
        entries.forEach(this::write);
    }

    private void write(Object entry) {
        if (writer == null) {
            return;
        }
        if (entry instanceof StepMetrics step) {
            writer.append(step);
        } else if (entry instanceof ValidationMetrics validation) {
            writer.append(validation);
        } else {
            writer.append((CheckpointMetrics) entry);
        }
    }

    private void record(Object entry) {
        entries.add(entry);
        write(entry);
    }

    @Override
    public synchronized void onProgress(int fromAttempt, Object message) {
        if (fromAttempt != attempt || diskFailure != null) {
            return;
        }
        try {
            if (message instanceof StepMetrics step) {
                add(step);
            } else if (message instanceof ValidationMetrics validation) {
                add(validation);
            } else if (message instanceof RankMetrics rank) {
                viewer.onRank(rank);
            } else if (message instanceof StepProfile profile) {
                viewer.onProfile(profile);
            }
        } catch (OutputException e) {
            fail(e);
        }
    }

    /** Records what became of a checkpoint. */
    public synchronized void onCheckpoint(CheckpointMetrics checkpoint) {
        if (diskFailure == null) {
            try {
                record(checkpoint);
            } catch (OutputException e) {
                fail(e);
            }
        }
        viewer.onCheckpoint(checkpoint);
    }

    /** Records and writes nothing any more, since the folder cannot be used; the first failure counts. */
    public synchronized void fail(OutputException failure) {
        if (diskFailure == null) {
            diskFailure = failure;
            onDiskFailure.accept(failure);
        }
    }

    @Override
    public synchronized void onFilePart(int fromAttempt, String file, long offset, byte[] bytes, boolean last) {
        rethrowDiskFailure();
        if (fromAttempt != attempt) {
            throw new IllegalStateException("attempt is over: attempt=" + fromAttempt + ", running=" + attempt + ".");
        }
        if (stateFile != null && stateFiles != null && file.equals(RunFiles.STAGED_STATE)) {
            stateFiles.add(String.valueOf(stateFile.getFileName()), offset, bytes, last);
            return;
        }
        if (files == null) {
            throw new IllegalStateException("nobody takes the files of this job: file=" + file);
        }
        files.add(file, offset, bytes, last);
    }

    /**
     * Takes all steps and validations from the last attempt's result and records those of which no message arrived.
     *
     * @throws OutputException if the file could not be written, now or before
     */
    public synchronized void complete(List<StepMetrics> all, List<ValidationMetrics> validations) {
        rethrowDiskFailure();
        // First, so that each is there when its step is added; those of steps that were recorded go to the end.
        validations.forEach(this::add);
        all.forEach(this::add);
    }

    /**
     * What was measured before a step, as lines of the file. Waits a while for steps of which no message has come yet.
     */
    public synchronized byte[] linesBefore(long step) {
        long end = System.nanoTime() + WAIT_NANOS;
        try {
            while (nextStep < step && System.nanoTime() < end) {
                wait(POLL_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return MetricsWriter.lines(
                entries.stream().filter(entry -> stepOf(entry) < step).toList());
    }

    /** Throws the failure to write the file, if there was one. */
    public synchronized void rethrowDiskFailure() {
        if (diskFailure != null) {
            throw diskFailure;
        }
    }

    /** All steps recorded so far, those of earlier attempts included as far as they are known. */
    public synchronized List<StepMetrics> steps() {
        return all(StepMetrics.class);
    }

    /** All validations recorded so far, as {@link #steps}. */
    public synchronized List<ValidationMetrics> validations() {
        return all(ValidationMetrics.class);
    }

    private <T> List<T> all(Class<T> type) {
        return entries.stream().filter(type::isInstance).map(type::cast).toList();
    }

    @Override
    public synchronized void close() {
        if (writer != null) {
            writer.close();
        }
        if (files != null) {
            files.close();
        }
        if (stateFiles != null) {
            stateFiles.close();
        }
    }

    private void add(ValidationMetrics validation) {
        if (validation.step() > lastValidated) {
            earlyValidations.put(validation.step(), validation);
            addEarlyValidations();
        }
    }

    private void addEarlyValidations() {
        while (!earlyValidations.isEmpty() && earlyValidations.firstKey() < nextStep) {
            ValidationMetrics next = earlyValidations.pollFirstEntry().getValue();
            record(next);
            lastValidated = next.step();
            viewer.onValidation(next);
        }
    }

    private void add(StepMetrics step) {
        if (step.step() < nextStep) {
            return;
        }
        earlySteps.put(step.step(), step);
        StepMetrics next = earlySteps.remove(nextStep);
        while (next != null) {
            record(next);
            nextStep++;
            viewer.onStep(next);
            addEarlyValidations();
            next = earlySteps.remove(nextStep);
        }
    }
}
