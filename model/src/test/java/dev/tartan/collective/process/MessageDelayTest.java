package dev.tartan.collective.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.Elements;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.graph.DType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class MessageDelayTest {
    private static final MeshAxes AXES = new MeshAxes(List.of("data", "model"), List.of(2, 2));
    private static final Duration DELAY = Duration.ofMillis(150);
    private static final int LENGTH = 1000;

    private final ExecutorService threads = Executors.newFixedThreadPool(4);

    @AfterEach
    void endThreads() {
        threads.shutdownNow();
    }

    /** Two processes of two ranks: {@code data} goes from process to process, {@code model} does not. */
    private static JoinedMeshes delayed(Wiring wiring, Duration delay) {
        return JoinedMeshes.of(
                wiring, AXES, 2, options -> options.withMessageDelay(delay).withSharedWork(false));
    }

    /** The time in nanoseconds that rank 0's calls took along an axis. */
    private long sum(JoinedMeshes meshes, String axis) throws Exception {
        List<Future<Long>> ranks = new ArrayList<>();
        for (int i = 0; i < AXES.numRanks(); i++) {
            int rank = i;
            ranks.add(threads.submit(() -> {
                Communicator communicator = meshes.process(rank / 2).communicator(rank, List.of(axis));
                Elements values = Elements.allocate(DType.FLOAT32, LENGTH);
                for (int at = 0; at < LENGTH; at++) {
                    values.set(at, at + rank);
                }
                communicator.allReduce(values.region(), values.region(), DType.FLOAT32, ReduceKind.SUM, "sum");
                int peer = axis.equals("data") ? rank ^ 2 : rank ^ 1;
                for (int at = 0; at < LENGTH; at++) {
                    assertThat(values.get(at)).isEqualTo(2.0 * at + rank + peer);
                }
                return communicator.counters().nanos();
            }));
        }
        for (Future<Long> rank : ranks) {
            rank.get();
        }
        return ranks.get(0).get();
    }

    @ParameterizedTest
    @EnumSource(
            value = Wiring.class,
            names = {"TCP", "SHM"})
    void messagesBetweenProcessesAreLateAndOthersAreNot(Wiring wiring) throws Exception {
        try (JoinedMeshes meshes = delayed(wiring, DELAY)) {
            assertThat(sum(meshes, "data")).isGreaterThanOrEqualTo(DELAY.toNanos());
            assertThat(sum(meshes, "model")).isLessThan(DELAY.toNanos());
        }
        try (JoinedMeshes meshes = delayed(wiring, Duration.ZERO)) {
            assertThat(sum(meshes, "data")).isLessThan(DELAY.toNanos());
        }
    }

    @Test
    void interruptEndsADelay() throws Exception {
        try (JoinedMeshes meshes = delayed(Wiring.TCP, Duration.ofSeconds(50))) {
            Thread[] thread = new Thread[1];
            List<Future<?>> ranks = new ArrayList<>();
            for (int i = 0; i < AXES.numRanks(); i++) {
                int rank = i;
                ranks.add(threads.submit(() -> {
                    Communicator communicator = meshes.process(rank / 2).communicator(rank, List.of("data"));
                    if (rank == 0) {
                        thread[0] = Thread.currentThread();
                        communicator.barrier("b");
                    }
                }));
            }
            for (Future<?> rank : ranks.subList(1, ranks.size())) {
                rank.get();
            }
            Thread.sleep(200);
            thread[0].interrupt();
            try {
                ranks.get(0).get(10, TimeUnit.SECONDS);
                throw new AssertionError("barrier did not fail");
            } catch (ExecutionException e) {
                assertThat(e.getCause())
                        .isInstanceOf(CollectiveException.class)
                        .hasMessageContaining("reason=INTERRUPTED");
            }
        }
    }
}
