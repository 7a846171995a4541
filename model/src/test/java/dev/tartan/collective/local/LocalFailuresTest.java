package dev.tartan.collective.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CollectiveException.Reason;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.Elements;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.ReduceKind;
import dev.tartan.graph.DType;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** No rank is ever left waiting, and each is told why. */
@Timeout(30)
class LocalFailuresTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    private static void allReduce(Communicator communicator, int length, String tag) {
        MemoryRegion region = Elements.allocate(DType.FLOAT32, length).region();
        communicator.allReduce(region, region, DType.FLOAT32, ReduceKind.SUM, tag);
    }

    private static CollectiveException collective(@Nullable Throwable thrown) {
        assertThat(thrown).isInstanceOf(CollectiveException.class);
        return (CollectiveException) java.util.Objects.requireNonNull(thrown);
    }

    @Test
    void aLateRankIsNamedByAll() {
        LocalGroup group = LocalGroup.create(4, Duration.ofMillis(150));
        List<@Nullable Throwable> thrown = Ranks.spawnAndCatch(4, group, (rank, communicator) -> {
            allReduce(communicator, 10, "warm");
            if (rank == 2) {
                Thread.sleep(600);
            }
            allReduce(communicator, 10, "grad.w1");
        });
        for (int rank : new int[] {0, 1, 3}) {
            CollectiveException e = collective(thrown.get(rank));
            assertThat(e.reason()).isEqualTo(Reason.TIMEOUT);
            assertThat(e.missingRanks()).containsExactly(2);
            assertThat(e.elapsed()).isLessThan(Duration.ofMillis(600));
            assertThat(e.getMessage())
                    .matches("all_reduce failed: reason=TIMEOUT, axis=local, tag='grad\\.w1', sequence=2, rank=" + rank
                            + ", missingRanks=\\[2], elapsedMillis=\\d+\\. Rank [013] waited for ranks \\[2] beyond"
                            + " timeoutMillis=150\\. Rebuild the communicators\\.");
        }
        assertThat(collective(thrown.get(2)).reason()).isEqualTo(Reason.TIMEOUT);
    }

    @Test
    void aRankThatThrowsReleasesAllAtOnce() {
        LocalGroup group = LocalGroup.create(5, LONG);
        long startNanos = System.nanoTime();
        List<@Nullable Throwable> thrown = Ranks.spawnAndCatch(5, group, (rank, communicator) -> {
            allReduce(communicator, 10, "warm");
            if (rank == 3) {
                Thread.sleep(50);
                throw new IllegalStateException("boom");
            }
            allReduce(communicator, 10, "next");
        });
        assertThat(Duration.ofNanos(System.nanoTime() - startNanos)).isLessThan(Duration.ofSeconds(5));
        for (int rank : new int[] {0, 1, 2, 4}) {
            CollectiveException e = collective(thrown.get(rank));
            assertThat(e.reason()).isEqualTo(Reason.ABORTED);
            assertThat(e.missingRanks()).containsExactly(3);
            assertThat(e)
                    .hasMessageContaining("Rank 3 cannot go on: java.lang.IllegalStateException: boom.")
                    .hasRootCauseMessage("boom");
        }
    }

    @Test
    void callsAfterAFailureFailAtOnce() {
        LocalGroup group = LocalGroup.create(2, LONG);
        Communicator communicator = group.communicator(0);
        communicator.abort(new IllegalStateException("gone"));
        assertThatThrownBy(() -> communicator.barrier("later"))
                .isInstanceOf(CollectiveException.class)
                .hasMessageContaining("barrier failed: reason=ABORTED, axis=local, tag='later', sequence=1, rank=0")
                .hasMessageContaining("gone");
        assertThatThrownBy(() -> communicator.barrier("again")).isInstanceOf(CollectiveException.class);
        assertThat(communicator.counters().totals()).isEmpty();
    }

    @Test
    void theFirstFailureIsTheOneReported() {
        LocalGroup group = LocalGroup.create(2, LONG);
        group.communicator(0).abort(new IllegalStateException("first"));
        group.communicator(1).abort(new IllegalStateException("second"));
        assertThatThrownBy(() -> group.communicator(1).barrier("t")).hasMessageContaining("first");
    }

    @Test
    void ranksThatDisagreeAreNamedToAll() {
        List<Ranks.Body> odd = List.of(
                (rank, communicator) -> allReduce(communicator, 10, rank == 1 ? "b" : "a"),
                (rank, communicator) -> allReduce(communicator, rank == 1 ? 20 : 10, "a"),
                (rank, communicator) -> {
                    if (rank == 1) {
                        communicator.barrier("a");
                    } else {
                        allReduce(communicator, 10, "a");
                    }
                },
                (rank, communicator) -> {
                    MemoryRegion region = Elements.allocate(DType.FLOAT32, 10).region();
                    communicator.allReduce(
                            region,
                            region,
                            rank == 1 ? DType.INT32 : DType.FLOAT32,
                            rank == 1 ? ReduceKind.MAX : ReduceKind.SUM,
                            "a");
                });
        List<String> named = List.of(
                "ranks [1] call all_reduce(SUM, FLOAT32, bytes=40, tag='b')",
                "ranks [1] call all_reduce(SUM, FLOAT32, bytes=80, tag='a')",
                "ranks [1] call barrier(tag='a')",
                "ranks [1] call all_reduce(MAX, INT32, bytes=40, tag='a')");
        for (int i = 0; i < odd.size(); i++) {
            List<@Nullable Throwable> thrown = Ranks.spawnAndCatch(3, LocalGroup.create(3, LONG), odd.get(i));
            for (int rank = 0; rank < 3; rank++) {
                CollectiveException e = collective(thrown.get(rank));
                assertThat(e.reason()).isEqualTo(Reason.MISMATCH);
                assertThat(e)
                        .hasMessageContaining("Ranks disagree on what comes next: ranks [0, 2] call"
                                + " all_reduce(SUM, FLOAT32, bytes=40, tag='a'), " + named.get(i) + ".");
            }
        }
    }

    @Test
    void anInterruptEndsTheGroupAndStaysVisible() {
        LocalGroup group = LocalGroup.create(3, LONG);
        AtomicReference<@Nullable Thread> waiting = new AtomicReference<>();
        AtomicReference<@Nullable Boolean> flag = new AtomicReference<>();
        List<@Nullable Throwable> thrown = Ranks.spawnAndCatch(3, group, (rank, communicator) -> {
            if (rank == 0) {
                waiting.set(Thread.currentThread());
                try {
                    communicator.barrier("t");
                } finally {
                    flag.set(Thread.currentThread().isInterrupted());
                }
            } else if (rank == 1) {
                communicator.barrier("t");
            } else {
                Thread thread = waiting.get();
                while (thread == null) {
                    Thread.sleep(5);
                    thread = waiting.get();
                }
                Thread.sleep(50);
                thread.interrupt();
            }
        });
        assertThat(flag.get()).isTrue();
        for (int rank = 0; rank < 2; rank++) {
            CollectiveException e = collective(thrown.get(rank));
            assertThat(e.reason()).isEqualTo(Reason.INTERRUPTED);
            assertThat(e).hasMessageContaining("The thread of rank 0 was interrupted.");
        }
    }

    @Test
    void aThreadInterruptedBeforeFailsWithoutWaiting() {
        LocalGroup group = LocalGroup.create(2, LONG);
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> group.communicator(0).barrier("t"))
                    .isInstanceOf(CollectiveException.class)
                    .hasMessageContaining("reason=INTERRUPTED");
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void aCallThatDoesNotFitEndsTheGroup() {
        LocalGroup group = LocalGroup.create(2, LONG);
        MemoryRegion region = Elements.allocate(DType.FLOAT32, 6).region();
        assertThatThrownBy(() ->
                        group.communicator(0).allGather(region.slice(0, 8), region.slice(8, 12), DType.FLOAT32, "g"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("all_gather 'g' does not fit its group: numRanks=2, root=0, inputBytes=8, outputBytes=12."
                        + " Each rank has one equal chunk of whole elements.");
        assertThatThrownBy(() -> group.communicator(1).barrier("t"))
                .isInstanceOf(CollectiveException.class)
                .hasMessageContaining("all_gather 'g' does not fit");
    }

    @Test
    void halfOverlappingRegionsAreRefused() {
        MemoryRegion region = Elements.allocate(DType.FLOAT32, 6).region();
        CollectiveCall call =
                CollectiveCall.allReduce(region.slice(0, 16), region.slice(8, 16), DType.FLOAT32, ReduceKind.SUM, "t");
        assertThatThrownBy(() -> call.check(0, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("all_reduce 't' has input and output half over each other: rank=0");
        CollectiveCall wrongChunk = CollectiveCall.reduceScatter(
                region.slice(0, 16), region.slice(0, 8), DType.FLOAT32, ReduceKind.SUM, "t");
        wrongChunk.check(0, 2);
        assertThatThrownBy(() -> wrongChunk.check(1, 2)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void brokenElementsAndUndefinedMeansAreRefused() {
        MemoryRegion region = Elements.allocate(DType.FLOAT32, 2).region();
        assertThatThrownBy(() -> CollectiveCall.allReduce(
                        region.slice(0, 6), region.slice(0, 6), DType.FLOAT32, ReduceKind.SUM, "t"))
                .hasMessage("all_reduce 't' is not a whole number of elements: type=FLOAT32, inputBytes=6,"
                        + " outputBytes=6. Give regions of full elements.");
        assertThatThrownBy(() -> CollectiveCall.allReduce(region, region, DType.INT32, ReduceKind.MEAN, "t"))
                .hasMessage("all_reduce 't' cannot combine its elements: type=INT32, reduce=MEAN. Use a numeric type,"
                        + " and MEAN on floating-point only.");
        assertThatThrownBy(() -> CollectiveCall.allReduce(region, region, DType.BOOL, ReduceKind.SUM, "t"))
                .hasMessageContaining("type=BOOL");
        assertThatCode(() -> CollectiveCall.allReduce(region, region, DType.BFLOAT16, ReduceKind.MEAN, "t"))
                .doesNotThrowAnyException();
    }

    /** Ranks leave at random moments of a long run; whatever the moment, all ranks end and with the same reason. */
    @Test
    void abortsAtAnyMomentReleaseEveryone() {
        for (int round = 0; round < 60; round++) {
            int stopAt = round * 7 % 50;
            int length = round % 2 == 0 ? 16 : 100_000;
            LocalGroup group = LocalGroup.create(4, LONG);
            List<@Nullable Throwable> thrown = Ranks.spawnAndCatch(4, group, (rank, communicator) -> {
                MemoryRegion region = Elements.allocate(DType.FLOAT32, length).region();
                for (int i = 0; ; i++) {
                    if (rank == 1 && i == stopAt) {
                        throw new IllegalStateException("stop");
                    }
                    communicator.allReduce(region, region, DType.FLOAT32, ReduceKind.SUM, "t");
                }
            });
            for (int rank : new int[] {0, 2, 3}) {
                assertThat(collective(thrown.get(rank)).reason()).isEqualTo(Reason.ABORTED);
            }
        }
    }

    @Tag("slow")
    @Test
    void aRankThatFailsWaitsAsLongAsAPeerMayReadItsMemory() throws Exception {
        LocalGroup group = LocalGroup.create(2, Duration.ofMillis(100));
        // A peer within a block, on a machine so slow that it takes longer than anybody expected.
        group.beginWork();
        CompletableFuture<Throwable> failure = CompletableFuture.supplyAsync(() -> {
            try {
                group.communicator(0).barrier("alone");
                return new AssertionError("the barrier has passed");
            } catch (CollectiveException e) {
                return e;
            }
        });
        Thread.sleep(11_000);
        assertThat(failure).isNotDone();
        group.endWork();
        assertThat(failure.get(10, TimeUnit.SECONDS)).isInstanceOf(CollectiveException.class);
    }
}
