package dev.tartan.train.data;

import dev.tartan.train.thread.WorkerThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Reads the samples of the next steps while this one runs, for the ranks of one process. Ranks along {@code model} get
 * the same ones, read once. Small batches are read several at a time, since waking a thread takes about as long as
 * reading one. Safe for use by the device threads of its ranks, which ask for the steps in order.
 *
 * <p>Where ranks keep all cores busy, a thread beside them would hold one of them up for a time slice, for which all
 * others wait. There a rank reads its samples itself when it needs them, unless that proves slow.
 */
public final class ReadAhead implements AutoCloseable {
    private static final int LEAST_STEPS = 2;
    private static final int MOST_STEPS = 8;

    /** Of one rank's batches that are there before they are asked for, if they are more than the least. */
    private static final long MOST_BYTES = 2 << 20;

    private final BatchSource source;
    private final RankSamples samples;
    private final long steps;
    private final @Nullable ReadingPace pace;
    private final Map<Integer, Feed> feeds = new ConcurrentHashMap<>();
    private final WorkerThread reader = new WorkerThread("tartan-read-ahead");

    /** The samples of one data rank. */
    private final class Feed {
        private final int rank;
        private final Map<Long, CompletableFuture<HostBatch>> pending = new LinkedHashMap<>();
        private volatile int stepsAhead = LEAST_STEPS;
        private long asked = -1;

        Feed(int rank) {
            this.rank = rank;
        }

        CompletableFuture<HostBatch> at(long step) {
            return pace == null || pace.isSlow() ? readAhead(step) : readNow(step, pace);
        }

        /** Who comes first reads; others that want the same wait. */
        private CompletableFuture<HostBatch> readNow(long step, ReadingPace pace) {
            CompletableFuture<HostBatch> batch;
            synchronized (this) {
                pending.keySet().removeIf(done -> done < step);
                CompletableFuture<HostBatch> before = pending.get(step);
                if (before != null) {
                    return before;
                }
                batch = new CompletableFuture<>();
                pending.put(step, batch);
                asked = step;
            }
            long start = System.nanoTime();
            try {
                batch.complete(read(step, rank));
            } catch (RuntimeException | Error e) {
                batch.completeExceptionally(e);
            }
            pace.took(System.nanoTime() - start);
            return batch;
        }

        private synchronized CompletableFuture<HostBatch> readAhead(long step) {
            pending.keySet().removeIf(done -> done < step);
            int ahead = stepsAhead;
            if (asked < step + Math.max(LEAST_STEPS, ahead / 2)) {
                long first = Math.max(step, asked + 1);
                asked = Math.max(step, Math.min(step + ahead, steps - 1));
                for (long wanted = first; wanted <= asked; wanted++) {
                    CompletableFuture<HostBatch> unused = ask(wanted);
                }
            }
            // A rank that is behind another with the same samples asks for what was dropped.
            return ask(step);
        }

        private CompletableFuture<HostBatch> ask(long step) {
            return pending.computeIfAbsent(
                    step, absent -> CompletableFuture.supplyAsync(() -> sized(read(step, rank)), reader));
        }

        private HostBatch sized(HostBatch batch) {
            long bytes = Math.max(1, batch.bytes());
            stepsAhead = (int) Math.max(LEAST_STEPS, Math.min(MOST_STEPS, MOST_BYTES / bytes));
            return batch;
        }
    }

    /**
     * Starts reading when first asked.
     *
     * @param source closed by whoever opened it, after this
     * @param steps number of steps; nothing is read beyond them
     * @param coresAreBusy whether ranks keep all cores of the machine busy
     */
    public ReadAhead(BatchSource source, RankSamples samples, long steps, boolean coresAreBusy) {
        this.source = source;
        this.samples = samples;
        this.steps = steps;
        this.pace = coresAreBusy ? new ReadingPace() : null;
    }

    /**
     * The samples of a rank in a step, its micro-batches one after the other.
     *
     * @param rank the data rank
     */
    public HostBatch batch(long step, int rank) throws InterruptedException {
        try {
            return feeds.computeIfAbsent(rank, Feed::new).at(step).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error error) {
                throw error; // Spark replaces a JVM that has run out of memory, if it is told.
            }
            throw new IllegalStateException("samples cannot be read: step=" + step, e.getCause());
        }
    }

    /** Waits until all is read that was asked for so far. */
    void awaitIdle() throws InterruptedException {
        boolean unused = reader.awaitIdle(Duration.ofMinutes(1));
    }

    private HostBatch read(long step, int rank) {
        Map<String, List<HostTensor>> parts = new LinkedHashMap<>();
        for (RankSamples.Range range : samples.of(rank)) {
            source.samples(step, range.first(), range.count())
                    .tensors()
                    .forEach((name, tensor) -> parts.computeIfAbsent(name, absent -> new ArrayList<>())
                            .add(tensor));
        }
        Map<String, HostTensor> joined = new LinkedHashMap<>();
        parts.forEach((name, tensors) -> joined.put(name, HostTensor.concat(tensors)));
        return new HostBatch(joined);
    }

    @Override
    public void close() {
        // The source is closed after this, and must not be while it is read.
        reader.stop();
    }
}
