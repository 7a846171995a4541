package dev.tartan.collective.process;

import dev.tartan.collective.Communicator;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Runs all ranks of meshes of some processes, each on a thread. */
final class RankRuns {
    private RankRuns() {}

    /** Returns what each rank threw, or null. */
    static List<@Nullable Throwable> catchAll(
            int numRanks, int numProcesses, IntFunction<ProcessMesh> meshes, SpawnRanks.Body body) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(numRanks);
        try {
            List<Future<@Nullable Throwable>> running = new ArrayList<>();
            for (int rank = 0; rank < numRanks; rank++) {
                int self = rank;
                ProcessMesh mesh = meshes.apply(rank / (numRanks / numProcesses));
                running.add(threads.submit(() -> {
                    try {
                        Communicator communicator = mesh.communicator(self, List.of("data"));
                        body.run(self, communicator);
                        return null;
                    } catch (Exception | Error e) {
                        mesh.abort(self, e);
                        return e;
                    }
                }));
            }
            List<@Nullable Throwable> thrown = new ArrayList<>();
            for (Future<@Nullable Throwable> each : running) {
                thrown.add(each.get());
            }
            return thrown;
        } finally {
            threads.shutdownNow();
        }
    }
}
