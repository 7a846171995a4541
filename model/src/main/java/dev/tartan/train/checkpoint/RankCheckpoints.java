package dev.tartan.train.checkpoint;

import dev.tartan.backend.Backend;
import dev.tartan.backend.Buffer;
import dev.tartan.checkpoint.sharded.ShardFile;
import dev.tartan.train.graph.PlannedState;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
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
    private final @Nullable ExecutorService thread;
    private @Nullable Future<?> pending;

    /**
     * Takes the memory for copies, if there are to be any.
     *
     * @param async whether to copy out and write while the rank goes on
     * @param states where the shard of each state is
     * @param best where the copy of each parameter at the best evaluation is, if such are written
     */
    public static RankCheckpoints of(
            CheckpointPlan plan,
            int rank,
            boolean async,
            Backend backend,
            Function<PlannedState, Buffer> states,
            Function<PlannedState, Buffer> best,
            CheckpointSink sink) {
        return new RankCheckpoints(
                plan, rank, async, backend, tensor -> (tensor.isBest() ? best : states).apply(tensor.state()), sink);
    }

    private RankCheckpoints(
            CheckpointPlan plan,
            int rank,
            boolean async,
            Backend backend,
            Function<SavedTensor, Buffer> shards,
            CheckpointSink sink) {
        this.plan = plan;
        this.rank = rank;
        this.shards = shards;
        this.sink = sink;
        this.writer = new WriteShard(plan, rank, backend);
        this.copies = async ? new RankCopies(plan.mesh(), plan.owners().of(rank).keySet(), backend) : null;
        this.thread = async ? thread(rank) : null;
    }

    private static ExecutorService thread(int rank) {
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        return Executors.newSingleThreadExecutor(work -> {
            Thread thread = new Thread(work, "tartan-checkpoint-" + rank);
            thread.setDaemon(true);
            thread.setContextClassLoader(loader);
            return thread;
        });
    }

    /**
     * Writes this rank's part, or copies it out to be written; waits first until the one before is written.
     *
     * @param progress of the run; told by rank 0
     */
    public void save(RunProgress progress) throws InterruptedException {
        long start = System.nanoTime();
        await();
        RunProgress told = rank == 0 ? progress : null;
        if (copies == null || thread == null) {
            long writing = System.nanoTime();
            RankPart part = write(progress.step(), told, shards, 1);
            double millis = (System.nanoTime() - writing) / 1e6;
            tell(part, (System.nanoTime() - start) / 1e6, millis);
            return;
        }
        copies.take(shards);
        double stall = (System.nanoTime() - start) / 1e6;
        pending = thread.submit(() -> {
            long writing = System.nanoTime();
            RankPart part = write(progress.step(), told, copies::of, TRIES);
            tell(part, stall, (System.nanoTime() - writing) / 1e6);
        });
    }

    private RankPart write(long step, @Nullable RunProgress progress, Function<SavedTensor, Buffer> from, int tries) {
        for (int tried = 1; ; tried++) {
            try {
                ShardFile file = writer.write(step, from);
                return new RankPart(step, plan.attempt(), rank, file, null, progress, 0, 0);
            } catch (IOException | RuntimeException e) {
                if (tried == tries || !pause()) {
                    String reason = e.getMessage() == null
                            ? e.getClass().getSimpleName()
                            : e.getClass().getSimpleName() + ": " + e.getMessage();
                    return new RankPart(step, plan.attempt(), rank, null, reason, progress, 0, 0);
                }
            }
        }
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

    private void tell(RankPart part, double stallMillis, double writeMillis) {
        sink.written(new RankPart(
                part.step(),
                part.attempt(),
                part.rank(),
                part.file(),
                part.failure(),
                part.progress(),
                stallMillis,
                writeMillis));
    }

    /** Waits until what was saved last is written and told, if it can be. */
    public void await() throws InterruptedException {
        Future<?> last = pending;
        if (last == null) {
            return;
        }
        pending = null;
        try {
            last.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            // Nobody was told, so that the checkpoint does not come about; the next one may.
        }
    }

    /** Gives up what is being written, and frees the copies once nothing reads them. */
    @Override
    public void close() {
        if (thread != null) {
            thread.shutdownNow();
            boolean interrupted = false;
            while (true) {
                try {
                    if (thread.awaitTermination(1, TimeUnit.HOURS)) {
                        break;
                    }
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        writer.close();
        if (copies != null) {
            copies.close();
        }
    }
}
