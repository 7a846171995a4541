package dev.tartan.collective.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.Elements;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.PendingCall;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.graph.DType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Calls of one rank in two groups at once: those along each axis run on a thread of their own, and blocking calls on
 * the rank's in between. Nothing that two groups share may mix up their messages.
 */
@Timeout(120)
class GroupsAtOnceTest {
    private static final MeshAxes AXES = new MeshAxes(List.of("data", "model"), List.of(2, 2));
    private static final int ROUNDS = 40;
    private static final int CALLS = 4;

    /** Odd lengths from one element to more than a segment. */
    private static final int[] LENGTHS = {1, 63, 2_001, 90_001};

    @ParameterizedTest
    @EnumSource(
            value = Wiring.class,
            names = {"SHM", "TCP", "ENCRYPTED", "STREAMS"})
    void callsAlongBothAxesOverlapBetweenProcesses(Wiring wiring) throws Exception {
        for (int numProcesses : new int[] {2, 4}) {
            try (JoinedMeshes meshes = JoinedMeshes.of(wiring, AXES, numProcesses)) {
                int ranksPerProcess = AXES.numRanks() / numProcesses;
                List<MeshCommunicators> ofRanks = new ArrayList<>();
                for (int rank = 0; rank < AXES.numRanks(); rank++) {
                    ofRanks.add(meshes.process(rank / ranksPerProcess));
                }
                overlap(ofRanks);
            }
        }
    }

    @Test
    void callsAlongBothAxesOverlapWithinAProcess() throws Exception {
        LocalMesh mesh = LocalMesh.create(AXES, Duration.ofSeconds(20));
        overlap(List.of(mesh, mesh, mesh, mesh));
    }

    private static void overlap(List<MeshCommunicators> ofRanks) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(AXES.numRanks());
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < AXES.numRanks(); i++) {
                int rank = i;
                running.add(threads.submit(() -> rounds(rank, ofRanks.get(rank))));
            }
            for (Future<?> one : running) {
                one.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static void rounds(int rank, MeshCommunicators mesh) {
        Communicator data = mesh.communicator(rank, List.of("data"));
        Communicator model = mesh.communicator(rank, List.of("model"));
        List<Elements> along = new ArrayList<>();
        for (int call = 0; call < 2 * CALLS; call++) {
            along.add(Elements.allocate(DType.FLOAT32, LENGTHS[call % CALLS]));
        }
        for (int round = 0; round < ROUNDS; round++) {
            List<PendingCall> pending = new ArrayList<>();
            for (int call = 0; call < 2 * CALLS; call++) {
                Elements memory = along.get(call);
                for (int i = 0; i < memory.count(); i++) {
                    memory.set(i, value(rank, round, call, i));
                }
                Communicator communicator = call % 2 == 0 ? data : model;
                CollectiveCall sum = CollectiveCall.allReduce(
                        memory.region(), memory.region(), DType.FLOAT32, ReduceKind.SUM, "sum" + call);
                if (call == CALLS) {
                    // Waits for those along its axis only.
                    communicator.run(sum);
                } else {
                    pending.add(communicator.start(sum));
                }
            }
            pending.forEach(PendingCall::await);
            for (int call = 0; call < 2 * CALLS; call++) {
                int peer = call % 2 == 0 ? rank ^ 2 : rank ^ 1;
                Elements memory = along.get(call);
                for (int i = 0; i < memory.count(); i++) {
                    assertThat(memory.get(i)).isEqualTo(value(rank, round, call, i) + value(peer, round, call, i));
                }
            }
        }
        assertThat(mesh.callNanos(rank))
                .isEqualTo(data.counters().nanos() + model.counters().nanos())
                .isPositive();
    }

    /** Sums of two are exact in float32. */
    private static long value(int rank, int round, int call, int i) {
        return ((long) i * 7 + rank * 1_000L + round * 31L + call) % 100_000;
    }
}
