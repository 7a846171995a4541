package dev.tartan.collective.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.collective.Communicator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** Runs one thread per rank, as gloo's test harness does. */
final class Ranks {
    static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final Duration LONGEST_TEST = Duration.ofSeconds(60);

    private Ranks() {}

    /** One rank's code. */
    interface Body {
        void run(int rank, Communicator communicator) throws Exception;
    }

    /** Runs all ranks; fails with the first rank's error. */
    static void spawn(int numRanks, Body body) {
        LocalGroup group = LocalGroup.create(numRanks, TIMEOUT);
        List<@Nullable Throwable> thrown = spawnAndCatch(numRanks, group, body);
        for (int rank = 0; rank < numRanks; rank++) {
            Throwable error = thrown.get(rank);
            if (error != null) {
                throw new AssertionError("rank " + rank + " of " + numRanks + " failed: " + error, error);
            }
        }
    }

    /** Runs all ranks; returns what each threw. A rank that does not end fails the test. */
    static List<@Nullable Throwable> spawnAndCatch(int numRanks, LocalGroup group, Body body) {
        AtomicReferenceArray<@Nullable Throwable> thrown = new AtomicReferenceArray<>(numRanks);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < numRanks; i++) {
            int rank = i;
            Thread thread = new Thread(
                    () -> {
                        Communicator communicator = group.communicator(rank);
                        try {
                            body.run(rank, communicator);
                        } catch (Throwable e) {
                            thrown.set(rank, e);
                            communicator.abort(e);
                        }
                    },
                    "rank-" + rank);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
        long deadline = System.nanoTime() + LONGEST_TEST.toNanos();
        List<@Nullable Throwable> result = new ArrayList<>();
        for (int rank = 0; rank < numRanks; rank++) {
            try {
                threads.get(rank).join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            assertThat(threads.get(rank).isAlive())
                    .as("rank %d still runs", rank)
                    .isFalse();
            result.add(thrown.get(rank));
        }
        return result;
    }
}
