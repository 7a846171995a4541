package dev.tartan.train;

import dev.tartan.backend.Backend;
import dev.tartan.backend.Device;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.MeshCommunicators;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs one body on every mesh rank of a process, each on a device thread of its own, and waits for all. The first
 * failure ends the others, those of other processes too, and is thrown.
 */
final class MeshRun {
    /** What one rank does on its device. */
    @FunctionalInterface
    interface RankBody {
        void run(int rank, Device device) throws Exception;
    }

    private static final long GENTLE_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final Backend backend;
    private final ProcessRanks ranks;
    private final MeshCommunicators communicators;
    private final List<Failure> failures = new ArrayList<>();
    private final @Nullable StopSignal gently;

    private record Failure(int rank, Throwable cause) {}

    /** Prepares a run whose ranks are interrupted with it. */
    MeshRun(Backend backend, ProcessRanks ranks) {
        this(backend, ranks, null);
    }

    /**
     * Prepares a run.
     *
     * @param gently raised at the first interrupt, so that ranks can end by themselves within half a minute; null to
     *     interrupt them at once
     */
    MeshRun(Backend backend, ProcessRanks ranks, @Nullable StopSignal gently) {
        this.gently = gently;
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
        long limitNanos = Long.MAX_VALUE;
        while (true) {
            try {
                if (done.await(limitNanos, TimeUnit.NANOSECONDS)) {
                    break;
                }
                limitNanos = Long.MAX_VALUE;
                threads.forEach(Thread::interrupt);
            } catch (InterruptedException e) {
                if (interrupted == null && gently != null) {
                    gently.raise();
                    limitNanos = GENTLE_NANOS;
                } else {
                    limitNanos = Long.MAX_VALUE;
                    threads.forEach(Thread::interrupt);
                }
                interrupted = e;
            }
        }
        if (interrupted != null) {
            throw interrupted;
        }
        throwFirstFailure();
    }

    private void runRank(int rank, RankBody body, CountDownLatch done) {
        try {
            Device device = ranks.device(backend, rank);
            device.attachThread();
            body.run(rank, device);
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
