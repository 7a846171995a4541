package dev.tartan.train;

import dev.tartan.backend.Backend;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.MeshCommunicators;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Runs one body on every mesh rank of a process, each on a device thread of its own, and waits for all. The first
 * failure ends the others, those of other processes too, and is thrown.
 */
final class MeshRun {
    /** What one rank does. */
    @FunctionalInterface
    interface RankBody {
        void run(int rank) throws Exception;
    }

    private final Backend backend;
    private final ProcessRanks ranks;
    private final MeshCommunicators communicators;
    private final List<Failure> failures = new ArrayList<>();

    private record Failure(int rank, Throwable cause) {}

    MeshRun(Backend backend, ProcessRanks ranks) {
        this.backend = backend;
        this.ranks = ranks;
        this.communicators = ranks.communicators();
    }

    /**
     * Runs the body on the ranks of this process.
     *
     * @throws InterruptedException if the calling thread is interrupted; the ranks have ended by then
     */
    void run(RankBody body) throws InterruptedException {
        CountDownLatch done = new CountDownLatch(ranks.numRanks());
        List<Thread> threads = new ArrayList<>();
        ranks.ranks().forEach(rank -> {
            Thread thread = new Thread(() -> runRank(rank, body, done), "tartan-device-" + rank);
            thread.setDaemon(true);
            threads.add(thread);
        });
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
