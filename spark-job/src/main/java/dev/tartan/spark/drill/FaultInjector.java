package dev.tartan.spark.drill;

import dev.tartan.train.TrainingListener;
import dev.tartan.train.metrics.CheckpointMetrics;
import dev.tartan.train.metrics.StepMetrics;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.apache.spark.Success$;
import org.apache.spark.scheduler.JobSucceeded$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.jspecify.annotations.Nullable;

/**
 * Does one fault after the other to a run whose steps it is told, the next once the run has recovered from the one
 * before, and takes the times. Safe for use by many threads.
 */
final class FaultInjector implements TrainingListener, AutoCloseable {
    private final Deque<Fault> coming;
    private final Markers markers;
    private final ExecutorProcesses executors;
    private final CheckpointDamage damage;
    private final List<FaultOutcome> outcomes = new ArrayList<>();
    private final List<String> unexpected = new ArrayList<>();
    private long lastStep;
    private @Nullable Present present;

    /** A fault that was done, as far as it went. */
    private static final class Present {
        final Fault fault;
        final long step;
        final long start = System.nanoTime();
        String note = "";
        boolean damaged;
        double detected = -1;
        long resumed = -1;

        Present(Fault fault, long step) {
            this.fault = fault;
            this.step = step;
        }

        double seconds() {
            return (System.nanoTime() - start) / 1e9;
        }
    }

    FaultInjector(List<Fault> faults, Markers markers, ExecutorProcesses executors, CheckpointDamage damage) {
        this.coming = new ArrayDeque<>(faults);
        this.markers = markers;
        this.executors = executors;
        this.damage = damage;
    }

    @Override
    public synchronized void onStep(StepMetrics metrics) {
        long step = metrics.step() + 1;
        if (step <= lastStep) {
            return;
        }
        Present done = present;
        if (done != null && done.resumed >= 0) {
            conclude(done);
        }
        lastStep = step;
        Fault next = coming.peek();
        if (present == null && next != null && next.step() <= step) {
            begin(coming.remove());
        }
        if (present == null && coming.isEmpty()) {
            markers.go();
        } else {
            markers.seen(step);
        }
    }

    /** A fault that cannot be done is told as such, and the next one follows. */
    private void begin(Fault fault) {
        try {
            inflict(fault);
        } catch (RuntimeException e) {
            unexpected.add(fault.kind() + " after step " + lastStep + " could not be done: " + e.getMessage());
            present = null;
        }
    }

    private void inflict(Fault fault) {
        Present begun = new Present(fault, lastStep);
        present = begun;
        switch (fault.kind()) {
            case KILL_EXECUTOR -> begun.note = "process " + executors.kill();
            case FREEZE -> begun.note = "process " + executors.freeze();
            case THROW, CORRUPT_NEWEST_CHECKPOINT -> markers.set(Markers.THROW);
            case OUT_OF_MEMORY -> markers.set(Markers.OUT_OF_MEMORY);
            case FILL_DISK -> markers.set(Markers.FULL);
        }
    }

    private void conclude(Present done) {
        outcomes.add(
                new FaultOutcome(done.fault.kind(), done.step, done.detected, done.seconds(), done.resumed, done.note));
        present = null;
    }

    @Override
    public synchronized void onCheckpoint(CheckpointMetrics metrics) {
        String failure = metrics.checkpoint().failure();
        Present running = present;
        if (running == null || running.fault.kind() != FaultKind.FILL_DISK) {
            if (failure != null && running == null) {
                unexpected.add("checkpoint after step " + (metrics.step() + 1) + ": " + failure);
            }
        } else if (failure != null && running.detected < 0) {
            running.detected = running.seconds();
            running.note = failure;
            markers.take(Markers.FULL);
        } else if (failure == null && running.detected >= 0) {
            conclude(running);
        }
    }

    @Override
    public synchronized void onRestart(long step, String reason) {
        Present running = present;
        if (running == null || running.fault.kind().isEndured()) {
            unexpected.add("after step " + step + ": " + reason);
        } else {
            running.resumed = step;
            running.note += (running.note.isEmpty() ? "" : "; ") + reason;
        }
    }

    /** Hears of tasks and attempts that failed. */
    SparkListener listener() {
        return new SparkListener() {
            @Override
            public void onTaskStart(SparkListenerTaskStart task) {
                executors.began(task.taskInfo().executorId());
            }

            @Override
            public void onTaskEnd(SparkListenerTaskEnd task) {
                executors.ended(task.taskInfo().executorId());
                if (task.reason() != Success$.MODULE$) {
                    taskFailed();
                }
            }

            @Override
            public void onJobEnd(SparkListenerJobEnd job) {
                if (job.jobResult() != JobSucceeded$.MODULE$) {
                    attemptFailed();
                }
            }
        };
    }

    /** Before the run looks for a checkpoint to go on from, which is once all tasks have ended. */
    private synchronized void taskFailed() {
        Present running = present;
        if (running != null && running.fault.kind() == FaultKind.CORRUPT_NEWEST_CHECKPOINT && !running.damaged) {
            running.damaged = true;
            running.note = damage.damage();
        }
    }

    private synchronized void attemptFailed() {
        Present running = present;
        if (running != null && running.detected < 0 && !running.fault.kind().isEndured()) {
            running.detected = running.seconds();
            executors.thaw();
        }
    }

    /** What came of those that the run recovered from, in their order. */
    synchronized List<FaultOutcome> outcomes() {
        return List.copyOf(outcomes);
    }

    /** Failures that were nobody's doing, and a fault that nothing came of. */
    synchronized List<String> unexpected() {
        List<String> all = new ArrayList<>(unexpected);
        Present running = present;
        if (running != null && running.resumed < 0) {
            all.add(running.fault.kind() + " after step " + running.step + " (" + running.note
                    + ") was not noticed or not recovered from: step=" + lastStep);
        }
        return List.copyOf(all);
    }

    /** Undoes what lasts. */
    @Override
    public synchronized void close() {
        executors.thaw();
        markers.go();
        List.of(Markers.FULL, Markers.THROW, Markers.OUT_OF_MEMORY).forEach(markers::take);
    }
}
