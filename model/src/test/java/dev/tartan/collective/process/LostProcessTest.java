package dev.tartan.collective.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CollectiveException.Reason;
import dev.tartan.collective.Elements;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.collective.transport.tcp.JobSecret;
import dev.tartan.collective.transport.tcp.ProcessGroup;
import dev.tartan.collective.transport.tcp.TcpEndpoint;
import dev.tartan.collective.transport.tcp.TcpNode;
import dev.tartan.collective.transport.tcp.TcpOptions;
import dev.tartan.graph.DType;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A process that is killed, frozen or fails is noticed by those that go on. */
@Tag("slow")
@Timeout(60)
class LostProcessTest {
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final int TIMES = 3;
    private static final String SECRET = "a secret for this test only";

    @ParameterizedTest
    @EnumSource(names = {"SHM", "TCP"})
    void aKilledProcessIsNoticedAtOnce(Wiring wiring) throws Exception {
        for (int time = 0; time < TIMES; time++) {
            for (CollectiveException e : withChild(wiring, ChildRank::close)) {
                assertThat(e.reason()).isEqualTo(Reason.PEER_LOST);
                assertThat(e.missingRanks()).contains(2);
                assertThat(e.elapsed()).isLessThan(Duration.ofMillis(1400));
                assertThat(e)
                        .hasMessageContaining("2 (executor e2, host 127.0.0.1)")
                        .hasMessageContaining("Rank 2 (executor e2, host 127.0.0.1) is gone: ");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SHM", "TCP"})
    void aFrozenProcessIsNoticedByItsSilence(Wiring wiring) throws Exception {
        for (int time = 0; time < TIMES; time++) {
            CollectiveException[] failures = withChild(wiring, child -> {
                signal(child, "STOP");
            });
            for (CollectiveException e : failures) {
                assertThat(e.reason()).isEqualTo(Reason.PEER_LOST);
                assertThat(e.missingRanks()).contains(2);
                assertThat(e.elapsed()).isLessThan(SOON);
                assertThat(e)
                        .hasMessageContaining(
                                "Rank 2 (executor e2, host 127.0.0.1) is frozen or cut off: silentMillis=");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SHM", "TCP"})
    void aFailureInAnotherProcessIsTold(Wiring wiring) throws Exception {
        for (int time = 0; time < TIMES; time++) {
            for (CollectiveException e : withChild(wiring, ChildRank::fail)) {
                assertThat(e.reason()).isEqualTo(Reason.ABORTED);
                assertThat(e.elapsed()).isLessThan(SOON);
                assertThat(e)
                        .hasMessageContaining("Rank 2 (executor e2, host 127.0.0.1) cannot go on:"
                                + " java.lang.IllegalStateException: boom.");
            }
        }
    }

    @Test
    void byDefaultAPauseOfEightSecondsIsSurvivedAndAFrozenProcessNoticedWithinFifteen() throws Exception {
        long[] beforeAndAfter = new long[2];
        long[] stoppedNanos = new long[1];
        AtomicLong rounds = new AtomicLong();
        CollectiveException[] failures = withChild(Wiring.TCP, false, rounds, child -> {
            signal(child, "STOP");
            Thread.sleep(8000);
            beforeAndAfter[0] = rounds.get();
            signal(child, "CONT");
            Thread.sleep(3000);
            beforeAndAfter[1] = rounds.get();
            signal(child, "STOP");
            stoppedNanos[0] = System.nanoTime();
        });
        Duration noticedAfter = Duration.ofNanos(System.nanoTime() - stoppedNanos[0]);
        assertThat(beforeAndAfter[1]).isGreaterThan(beforeAndAfter[0] + 2);
        assertThat(noticedAfter).isBetween(Duration.ofSeconds(11), Duration.ofSeconds(15));
        for (CollectiveException e : failures) {
            assertThat(e).hasMessageContaining(" is frozen or cut off: silentMillis=12");
        }
    }

    /** As when the machine that all of them are on is stopped: the silence is nobody's. */
    @Test
    void processesThatPausedTogetherDoNotTakeTheirOwnPauseForTheSilenceOfOthers() throws Exception {
        try (ChildRank zero = ChildRank.start(Wiring.TCP, true);
                ChildRank one = ChildRank.start(Wiring.TCP, true)) {
            List<Integer> ports = List.of(zero.port(), one.port());
            zero.join(ports, 0, SECRET);
            one.join(ports, 1, SECRET);
            zero.awaitRunning();
            one.awaitRunning();
            for (int time = 0; time < TIMES; time++) {
                signal(zero, "STOP");
                signal(one, "STOP");
                // Twice as long as a peer of theirs may be silent.
                Thread.sleep(3000);
                zero.skipWords();
                one.skipWords();
                signal(zero, "CONT");
                signal(one, "CONT");
                zero.awaitRunning();
                one.awaitRunning();
            }
        }
    }

    private static void signal(ChildRank child, String name) throws Exception {
        Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(child.pid())).start();
        assertThat(kill.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    private interface Accident {
        void happen(ChildRank child) throws Exception;
    }

    private static CollectiveException[] withChild(Wiring wiring, Accident accident) throws Exception {
        return withChild(wiring, true, new AtomicLong(), accident);
    }

    private static CollectiveException[] withChild(Wiring wiring, boolean isQuick, AtomicLong rounds, Accident accident)
            throws Exception {
        try (ChildRank child = ChildRank.start(wiring, isQuick)) {
            List<TcpEndpoint> endpoints = SpawnRanks.bind(2);
            List<Integer> ports =
                    List.of(endpoints.get(0).port(), endpoints.get(1).port(), child.port());
            child.join(ports, SECRET);
            JobSecret secret = JobSecret.of(SECRET.getBytes(StandardCharsets.UTF_8));
            Thread trouble = new Thread(() -> {
                try {
                    child.awaitRunning();
                    accident.happen(child);
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            trouble.start();
            TcpOptions options = isQuick ? SpawnRanks.quickHeartbeat(SpawnRanks.options()) : SpawnRanks.options();
            List<@Nullable Throwable> thrown = SpawnRanks.of(wiring, 3)
                    .joining(process -> TcpNode.join(
                            endpoints.get(process),
                            new ProcessGroup(process, SpawnRanks.addresses(ports)),
                            secret,
                            options))
                    .runAndCatch(2, (rank, communicator) -> {
                        Elements region = Elements.allocate(DType.FLOAT32, ChildRank.LENGTH);
                        while (true) {
                            ChildRank.round(rank, communicator, region);
                            rounds.incrementAndGet();
                        }
                    });
            trouble.join();
            return new CollectiveException[] {SpawnRanks.failure(thrown.get(0)), SpawnRanks.failure(thrown.get(1))};
        }
    }
}
