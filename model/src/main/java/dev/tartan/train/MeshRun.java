package dev.tartan.train;

import dev.tartan.backend.Backend;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.mesh.Mesh;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Runs one body on every rank of a mesh, each on a device thread of its own, and waits for all. The first failure ends
 * the others and is thrown.
 */
final class MeshRun {
    /** What one rank does. */
    @FunctionalInterface
    interface RankBody {
        void run(int rank) throws Exception;
    }

    private static final Duration COLLECTIVE_TIMEOUT = Duration.ofMinutes(5);

    private final Backend backend;
    private final MeshCommunicators communicators;
    private final List<Failure> failures = new ArrayList<>();

    private record Failure(int rank, Throwable cause) {}

    /** Connects the ranks of {@code mesh} within this process. */
    MeshRun(Backend backend, Mesh mesh) {
        this.backend = backend;
        this.communicators = LocalMesh.create(
                mesh.axisNames(),
                mesh.axisSizes().stream().mapToInt(Integer::intValue).toArray(),
                COLLECTIVE_TIMEOUT);
    }

    /** By which the ranks communicate. */
    MeshCommunicators communicators() {
        return communicators;
    }

    /**
     * Runs the body on all ranks.
     *
     * @throws InterruptedException if the calling thread is interrupted; the ranks have ended by then
     */
    void run(RankBody body) throws InterruptedException {
        int numRanks = communicators.numRanks();
        CountDownLatch done = new CountDownLatch(numRanks);
        List<Thread> threads = new ArrayList<>();
        for (int rank = 0; rank < numRanks; rank++) {
            int self = rank;
            Thread thread = new Thread(() -> runRank(self, body, done), "tartan-device-" + rank);
            thread.setDaemon(true);
            threads.add(thread);
        }
        threads.forEach(Thread::start);
        InterruptedException interrupted = null;
        while (true) {
            try {
                done.await();
                break;
            } catch (InterruptedException e) {
                interrupted = e;
                threads.forEach(Thread::interrupt);
            }
        }
        if (interrupted != null) {
            throw interrupted;
        }
        throwFirstFailure();
    }

    private void runRank(int rank, RankBody body, CountDownLatch done) {
        try {
            backend.attachThread();
            body.run(rank);
        } catch (Throwable e) {
            synchronized (failures) {
                failures.add(new Failure(rank, e));
            }
            communicators.abort(rank, e);
        } finally {
            done.countDown();
        }
    }

    /** A rank's own failure tells more than the peers' that it ended. */
    private void throwFirstFailure() {
        synchronized (failures) {
            if (failures.isEmpty()) {
                return;
            }
            Failure first = failures.stream()
                    .filter(failure -> !(failure.cause() instanceof CollectiveException))
                    .findFirst()
                    .orElse(failures.get(0));
            Throwable cause = first.cause();
            if (cause instanceof RuntimeException runtime) {
                throw runtime;
            }
            if (cause instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException("rank failed: rank=" + first.rank() + ", cause=" + cause, cause);
        }
    }
}
