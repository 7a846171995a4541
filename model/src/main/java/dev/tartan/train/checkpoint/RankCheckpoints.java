package dev.tartan.train.checkpoint;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.checkpoint.sharded.ShardFile;
import dev.tartan.train.graph.PlannedState;
import dev.tartan.train.thread.WorkerThread;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One rank's part in writing checkpoints, for the rank's thread. If they are asynchronous, shards are copied out and
 * written by a thread of this object's while the rank goes on; the next checkpoint waits for that. A part that cannot
 * be written is no reason to stop training: whoever commits checkpoints is told.
 */
public final class RankCheckpoints implements AutoCloseable {
    private static final int TRIES = 2;
    private static final long PAUSE_MILLIS = 1000;

    private final CheckpointPlan plan;
    private final int rank;
    private final Function<SavedTensor, Buffer> shards;
    private final CheckpointSink sink;
    private final WriteShard writer;
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
     * @param states where the shard of each state is
     * @param best where the copy of each parameter at the best evaluation is, if such are written
     */
    public static RankCheckpoints of(
            CheckpointPlan plan,
            int rank,
            boolean async,
            Duration patience,
            Device device,
            Function<PlannedState, Buffer> states,
            Function<PlannedState, Buffer> best,
            CheckpointSink sink) {
        return new RankCheckpoints(
                plan,
                rank,
                async,
                patience,
                device,
                tensor -> (tensor.isBest() ? best : states).apply(tensor.state()),
                sink);
    }

    private RankCheckpoints(
            CheckpointPlan plan,
            int rank,
            boolean async,
            Duration patience,
            Device device,
            Function<SavedTensor, Buffer> shards,
            CheckpointSink sink) {
        this.plan = plan;
        this.rank = rank;
        this.patience = patience;
        this.shards = shards;
        this.sink = sink;
        this.writer = new WriteShard(plan, rank, device);
        this.copies = async ? new RankCopies(plan.mesh(), plan.owners().of(rank).keySet(), device) : null;
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
        copies.take(shards);
        double stallMillis = millisSince(start);
        Saving started = new Saving(progress, new AtomicBoolean());
        saving = started;
        pending = thread.submit(() -> started.tell(this, write(progress.step(), copies::of, TRIES), stallMillis));
    }

    /** How writing a part went: one of file and failure is there. */
    private record Written(
            @Nullable ShardFile file, @Nullable String failure, double millis) {}

    /** A part that is written in the background; what became of it is told once. */
    private record Saving(RunProgress progress, AtomicBoolean told) {
        void tell(RankCheckpoints of, Written written, double stallMillis) {
            if (told.compareAndSet(false, true)) {
                of.tell(progress, written, stallMillis);
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
                    String type = e.getClass().getSimpleName();
                    return new Written(
                            null, e.getMessage() == null ? type : type + ": " + e.getMessage(), millisSince(start));
                }
            }
        }
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
        Saving last = saving;
        if (!isWritten() && last != null) {
            String why = "it is still being written: waitedSeconds=" + patience.toSeconds();
            last.tell(this, new Written(null, why, patience.toMillis()), 0);
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
