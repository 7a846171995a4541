package dev.tartan.spark.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A thread per rank in this process. */
final class RankThreads {
    private final CollectivesPlan plan;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    private RankThreads(CollectivesPlan plan) {
        this.plan = plan;
    }

    /** Measures; gives the lines of JSON, one by one and on another thread, to {@code lines}. */
    static void run(CollectivesPlan plan, Consumer<String> lines) throws InterruptedException {
        new RankThreads(plan).run(lines);
    }

    private void run(Consumer<String> lines) throws InterruptedException {
        try (BenchMeshes meshes = BenchMeshes.alone(plan)) {
            List<Thread> threads = new ArrayList<>();
            for (int rank = 0; rank < plan.numRanks(); rank++) {
                int self = rank;
                Thread thread = new Thread(() -> measure(self, meshes, lines), "tartan-bench-rank-" + rank);
                thread.setDaemon(true);
                thread.start();
                threads.add(thread);
            }
            try {
                for (Thread thread : threads) {
                    thread.join();
                }
            } catch (InterruptedException e) {
                meshes.abort(0, new CancellationException("the bench was interrupted"));
                throw e;
            }
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
