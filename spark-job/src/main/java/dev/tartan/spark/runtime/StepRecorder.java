package dev.tartan.spark.runtime;

import dev.tartan.checkpoint.OutputException;
import dev.tartan.train.TrainingListener;
import dev.tartan.train.metrics.MetricsWriter;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes what executors report of their steps and validations to {@code metrics.jsonl}, each once and in order, a
 * validation after its step, and shows it to a viewer; and the files that they made beside it. When Spark runs the
 * stage again, the file begins again too. Safe for use by many threads.
 */
public final class StepRecorder implements ProgressListener, AutoCloseable {
    private final @Nullable Path folder;
    private final TrainingListener viewer;
    private final Consumer<OutputException> onDiskFailure;
    private final List<StepMetrics> steps = new ArrayList<>();
    private final TreeMap<Long, StepMetrics> early = new TreeMap<>();
    private final @Nullable ReceivedFiles files;
    /** Those whose step is still to come, by step. */
    private final TreeMap<Long, ValidationMetrics> earlyValidations = new TreeMap<>();

    private long lastValidated = -1;
    private @Nullable MetricsWriter writer;
    private int attempt;
    private @Nullable OutputException diskFailure;

    /**
     * Starts the file.
     *
     * @param folder where the file goes; null for none
     * @param viewer is given each step and validation once per attempt, in order
     * @param onDiskFailure is told when the folder cannot be used any more; called once
     * @throws OutputException if the file cannot be made
     */
    public StepRecorder(@Nullable Path folder, TrainingListener viewer, Consumer<OutputException> onDiskFailure) {
        this.folder = folder;
        this.files = folder == null ? null : new ReceivedFiles(folder);
        this.viewer = viewer;
        this.onDiskFailure = onDiskFailure;
        this.writer = open(folder);
    }

    @Override
    public synchronized void onProgress(int fromAttempt, Object message) {
        boolean isKnown = message instanceof StepMetrics || message instanceof ValidationMetrics;
        if (!isKnown || fromAttempt < attempt || diskFailure != null) {
            return;
        }
        try {
            if (fromAttempt > attempt) {
                attempt = fromAttempt;
                restart();
            }
            if (message instanceof StepMetrics step) {
                add(step);
            } else if (message instanceof ValidationMetrics validation) {
                add(validation);
            }
        } catch (OutputException e) {
            fail(e);
        }
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
        if (fromAttempt < attempt) {
            throw new IllegalStateException("attempt is over: attempt=" + fromAttempt + ", running=" + attempt + ".");
        }
        if (files == null) {
            throw new IllegalStateException("nobody takes the files of this job: file=" + file);
        }
        files.add(file, offset, bytes, last);
    }

    /**
     * Takes all steps and validations from the task's result and records those of which no message arrived.
     *
     * @throws OutputException if the file could not be written, now or before
     */
    public synchronized void complete(List<StepMetrics> all, List<ValidationMetrics> validations) {
        rethrowDiskFailure();
        if (!all.isEmpty()
                && !steps.isEmpty()
                && !all.subList(0, Math.min(all.size(), steps.size())).equals(steps)) {
            // What was recorded is of another attempt, whose successor's messages were all lost.
            restart();
        }
        // First, so that each is there when its step is added; those of steps that were recorded go to the end.
        validations.forEach(this::add);
        all.forEach(this::add);
    }

    /** Throws the failure to write the file, if there was one. */
    public synchronized void rethrowDiskFailure() {
        if (diskFailure != null) {
            throw diskFailure;
        }
    }

    /** All steps recorded so far. */
    public synchronized List<StepMetrics> steps() {
        return List.copyOf(steps);
    }

    @Override
    public synchronized void close() {
        if (writer != null) {
            writer.close();
        }
        if (files != null) {
            files.close();
        }
    }

    private static @Nullable MetricsWriter open(@Nullable Path folder) {
        return folder == null ? null : MetricsWriter.open(folder);
    }

    private void restart() {
        steps.clear();
        early.clear();
        earlyValidations.clear();
        lastValidated = -1;
        close();
        writer = open(folder);
    }

    private void add(ValidationMetrics validation) {
        if (validation.step() > lastValidated) {
            earlyValidations.put(validation.step(), validation);
            addEarlyValidations();
        }
    }

    private void addEarlyValidations() {
        while (!earlyValidations.isEmpty() && earlyValidations.firstKey() < steps.size()) {
            ValidationMetrics next = earlyValidations.pollFirstEntry().getValue();
            if (writer != null) {
                writer.append(next);
            }
            lastValidated = next.step();
            viewer.onValidation(next);
        }
    }

    private void add(StepMetrics step) {
        if (step.step() < steps.size()) {
            return;
        }
        early.put(step.step(), step);
        StepMetrics next = early.remove((long) steps.size());
        while (next != null) {
            if (writer != null) {
                writer.append(next);
            }
            steps.add(next);
            viewer.onStep(next);
            addEarlyValidations();
            next = early.remove((long) steps.size());
        }
    }
}
