package dev.tartan.spark.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A thread for each rank of this process. */
final class RankThreads {
    /** The deepest calls take a tenth of it; a thousand threads should not reserve a gigabyte. */
    private static final long STACK_BYTES = 512 * 1024;

    private final CollectivesPlan plan;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    private RankThreads(CollectivesPlan plan) {
        this.plan = plan;
    }

    /** Measures with all ranks; gives the lines of JSON, one by one and on another thread, to {@code lines}. */
    static void run(CollectivesPlan plan, Consumer<String> lines) throws InterruptedException {
        try (BenchMeshes meshes = BenchMeshes.alone(plan)) {
            run(plan, 0, plan.numRanks(), meshes, lines);
        }
    }

    /** Measures with the ranks of this process, the lowest of which is given. */
    static void run(CollectivesPlan plan, int firstRank, int numRanks, BenchMeshes meshes, Consumer<String> lines)
            throws InterruptedException {
        new RankThreads(plan).run(firstRank, numRanks, meshes, lines);
    }

    private void run(int firstRank, int numRanks, BenchMeshes meshes, Consumer<String> lines)
            throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int rank = firstRank; rank < firstRank + numRanks; rank++) {
            int self = rank;
            Thread thread =
                    new Thread(null, () -> measure(self, meshes, lines), "tartan-bench-rank-" + rank, STACK_BYTES);
            thread.setDaemon(true);
            thread.start();
            threads.add(thread);
        }
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            meshes.abort(firstRank, new CancellationException("the bench was interrupted"));
            throw e;
        }
        Throwable first = failure.get();
        if (first instanceof Error error) {
            throw error;
        } else if (first instanceof RuntimeException exception) {
            throw exception;
        }
    }

    private void measure(int rank, BenchMeshes meshes, Consumer<String> lines) {
        try {
            MeasureRank.run(plan, rank, meshes, lines);
        } catch (RuntimeException | Error e) {
            failure.compareAndSet(null, e);
            meshes.abort(rank, e);
        }
    }
}
