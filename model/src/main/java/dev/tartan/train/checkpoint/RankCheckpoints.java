package dev.tartan.train.checkpoint;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.checkpoint.sharded.ShardFile;
import dev.tartan.train.graph.PlannedState;
import dev.tartan.train.thread.WorkerThread;
import java.io.IOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One rank's part in writing checkpoints, for the rank's thread. If they are asynchronous, shards are copied out and
 * written by a thread of this object's while the rank goes on: it must wait by {@link #beforeWrites} before it writes
 * over a state, which the next step does when its gradients are there, long after the copy is made. The next checkpoint
 * waits until this one is written. A part that cannot be written is no reason to stop training: whoever commits
 * checkpoints is told.
 */
public final class RankCheckpoints implements AutoCloseable {
    private static final int TRIES = 2;
    private static final long PAUSE_MILLIS = 1000;

    private final CheckpointPlan plan;
    private final int rank;
    private final Function<SavedTensor, Buffer> shards;
    private final CheckpointSink sink;
    private final WriteShard writer;
    private final List<SavedTensor> order;
    private final @Nullable RankCopies copies;
    private final @Nullable WorkerThread thread;
    private final Duration patience;
    private volatile boolean closing;
    private @Nullable Future<?> pending;
    private @Nullable Saving saving;

    /**
     * Takes the memory for copies, if there are to be any.
     *
     * @param async whether to copy out and write while the rank goes on
     * @param patience how long to wait for what is being written, as to a store that does not answer: less than peers
     *     wait for this rank
     * @param firstWrites by the name of each state, when a step first writes over it: those are copied first
     * @param states where the shard of each state is
     * @param best where the copy of each parameter at the best evaluation is, if such are written
     */
    public static RankCheckpoints of(
            CheckpointPlan plan,
            int rank,
            boolean async,
            Duration patience,
            Device device,
            Map<String, Integer> firstWrites,
            Function<PlannedState, Buffer> states,
            Function<PlannedState, Buffer> best,
            CheckpointSink sink) {
        return new RankCheckpoints(
                plan,
                rank,
                async,
                patience,
                device,
                firstWrites,
                tensor -> (tensor.isBest() ? best : states).apply(tensor.state()),
                sink);
    }

    private RankCheckpoints(
            CheckpointPlan plan,
            int rank,
            boolean async,
            Duration patience,
            Device device,
            Map<String, Integer> firstWrites,
            Function<SavedTensor, Buffer> shards,
            CheckpointSink sink) {
        this.plan = plan;
        this.rank = rank;
        this.patience = patience;
        this.shards = shards;
        this.sink = sink;
        this.writer = new WriteShard(plan, rank, device);
        this.order = plan.owners().of(rank).keySet().stream()
                .sorted(Comparator.comparing(SavedTensor::isBest)
                        .thenComparingInt(tensor ->
                                firstWrites.getOrDefault(tensor.state().name(), Integer.MAX_VALUE)))
                .toList();
        this.copies = async ? new RankCopies(plan.mesh(), order, device) : null;
        this.thread = async ? new WorkerThread("tartan-checkpoint-" + rank) : null;
    }

    /**
     * Writes this rank's part, or copies it out to be written; waits first until the one before is written. If that
     * takes too long, this checkpoint does not come about.
     *
     * @param progress of the run; told by rank 0
     */
    public void save(RunProgress progress) throws InterruptedException {
        long start = System.nanoTime();
        if (!isWritten()) {
            tell(progress, late(), millisSince(start));
            return;
        }
        if (copies == null || thread == null) {
            Written written = write(progress.step(), shards, 1);
            tell(progress, written, millisSince(start));
            return;
        }
        Saving started = new Saving(progress, new AtomicBoolean(), new AtomicLong());
        saving = started;
        copies.begin();
        pending = thread.submit(() -> started.tell(this, copyAndWrite(progress.step(), copies)));
        started.stallNanos().addAndGet(System.nanoTime() - start);
    }

    private Written copyAndWrite(long step, RankCopies to) {
        try {
            to.take(shards);
        } catch (RuntimeException e) {
            return new Written(null, failure(e), 0);
        }
        return write(step, to::of, TRIES);
    }

    /**
     * What a rank is to do before it writes over states, by their names: it waits until they are copied out. Empty if
     * nothing is copied meanwhile.
     */
    public Map<String, Runnable> beforeWrites() {
        Map<String, Runnable> waits = new LinkedHashMap<>();
        if (copies != null) {
            for (int i = 0; i < order.size(); i++) {
                int count = i + 1;
                if (!order.get(i).isBest()) {
                    waits.put(order.get(i).state().name(), () -> awaitCopied(copies, count));
                }
            }
        }
        return waits;
    }

    private void awaitCopied(RankCopies by, int count) {
        Saving last = saving;
        long start = System.nanoTime();
        by.await(count);
        if (last != null) {
            last.stallNanos().addAndGet(System.nanoTime() - start);
        }
    }

    /** Waits until all that was saved last is copied out, so that it may be written over. */
    public void awaitCopied() {
        if (copies != null) {
            awaitCopied(copies, order.size());
        }
    }

    /** How writing a part went: one of file and failure is there. */
    private record Written(
            @Nullable ShardFile file, @Nullable String failure, double millis) {}

    /**
     * A part that is written in the background; what became of it is told once.
     *
     * @param stallNanos how long the rank has waited for it
     */
    private record Saving(RunProgress progress, AtomicBoolean told, AtomicLong stallNanos) {
        void tell(RankCheckpoints of, Written written) {
            if (told.compareAndSet(false, true)) {
                of.tell(progress, written, stallNanos.get() / 1e6);
            }
        }
    }

    private Written write(long step, Function<SavedTensor, Buffer> from, int tries) {
        long start = System.nanoTime();
        for (int tried = 1; ; tried++) {
            try {
                ShardFile file = writer.write(step, from);
                return new Written(file, null, millisSince(start));
            } catch (IOException | RuntimeException e) {
                if (tried == tries || closing || !pause()) {
                    return new Written(null, failure(e), millisSince(start));
                }
            }
        }
    }

    private static String failure(Exception e) {
        String type = e.getClass().getSimpleName();
        return e.getMessage() == null ? type : type + ": " + e.getMessage();
    }

    private static double millisSince(long nanoTime) {
        return (System.nanoTime() - nanoTime) / 1e6;
    }

    private static boolean pause() {
        try {
            Thread.sleep(PAUSE_MILLIS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void tell(RunProgress progress, Written written, double stallMillis) {
        sink.written(new RankPart(
                progress.step(),
                plan.attempt(),
                rank,
                written.file(),
                written.failure(),
                rank == 0 ? progress : null,
                stallMillis,
                written.millis()));
    }

    private Written late() {
        return new Written(
                null,
                "the one before is still being written: waitedSeconds=" + patience.toSeconds(),
                patience.toMillis());
    }

    /** Waits until what was saved last is written and told, if it can be; if that takes too long, it is told so. */
    public void await() throws InterruptedException {
        awaitCopied();
        Saving last = saving;
        if (!isWritten() && last != null) {
            String why = "it is still being written: waitedSeconds=" + patience.toSeconds();
            last.tell(this, new Written(null, why, patience.toMillis()));
        }
    }

    /** Waits for a while. */
    private boolean isWritten() throws InterruptedException {
        Future<?> last = pending;
        if (last == null) {
            return true;
        }
        try {
            last.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            // Nobody was told, so that the checkpoint does not come about; the next one may.
        }
        pending = null;
        return true;
    }

    /** Gives up what is being written, and frees the copies once nothing reads them. */
    @Override
    public void close() {
        closing = true;
        if (thread != null) {
            thread.stop();
        }
        writer.close();
        if (copies != null) {
            copies.close();
        }
    }
}
