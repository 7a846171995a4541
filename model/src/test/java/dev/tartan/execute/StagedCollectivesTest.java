package dev.tartan.execute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.Backend;
import dev.tartan.backend.fake.FakeBackend;
import dev.tartan.backend.fake.FakeDevice;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.partition.Collective;
import dev.tartan.partition.Program;
import dev.tartan.partition.RandomProgram;
import dev.tartan.partition.StartCollectives;
import dev.tartan.partition.TestMeshes;
import dev.tartan.plan.CollectiveCut;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.plan.MemoryPlan;
import dev.tartan.plan.PlanMemory;
import dev.tartan.plan.StagingRing;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Programs on devices whose memory communicators do not reach: collectives go through memory of the host, chunk by
 * chunk. Streams go on in any order that events allow.
 */
@Timeout(300)
class StagedCollectivesTest {
    private static final int RUNS = 2;
    /** 16 floats of each of two ranks; the largest collective has 16 such chunks. */
    private static final long CHUNK_BYTES = 128;

    private final Backend cpu = new Nd4jBackend(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void endThreads() {
        threads.shutdownNow();
    }

    private List<List<float[]>> outcome(
            RandomProgram drawn, Program program, DeviceTraits traits, Backend backend, RandomRuns.Before before)
            throws Exception {
        MeshCommunicators mesh = LocalMesh.create(List.of("data", "model"), new int[] {2, 2}, Duration.ofMinutes(1));
        return new RandomRuns(threads, RUNS).outcome(drawn, program, traits, backend, mesh, before);
    }

    private static int mostChunks(Program program) {
        return program.instructions().stream()
                .filter(instruction -> instruction.op() instanceof Collective)
                .mapToInt(instruction -> CollectiveCut.of(
                                (Collective) instruction.op(),
                                program.typeOf(instruction.operands().get(0)),
                                program.typeOf(instruction.results().get(0)),
                                CHUNK_BYTES)
                        .numChunks())
                .max()
                .orElse(0);
    }

    @Test
    void randomProgramsComputeTheSameBitsInChunks() throws Exception {
        int most = 0;
        for (int seed = 0; seed < 24; seed++) {
            RandomProgram drawn = new RandomProgram(TestMeshes.dataModel(2, 2), seed);
            Program started = StartCollectives.run(drawn.program(), one -> true);
            List<List<float[]>> expected = outcome(drawn, drawn.program(), cpu, cpu, device -> {});
            most = Math.max(most, mostChunks(drawn.program()));
            for (Program program : List.of(drawn.program(), started)) {
                for (int order = 0; order < 3; order++) {
                    FakeBackend far = new FakeBackend(cpu, order, CHUNK_BYTES);
                    assertThat(outcome(drawn, program, far, far, device -> {}))
                            .as("seed %d, order %d\n%s", seed, order, program)
                            .usingRecursiveComparison()
                            .isEqualTo(expected);
                }
            }
        }
        assertThat(most).isGreaterThan(3 * StagingRing.MOST_SLOTS);
    }

    @Test
    void aPlanHasRoomForOneRingPerGroupAndNoTensor() {
        RandomProgram drawn = new RandomProgram(TestMeshes.dataModel(2, 2), 3);
        MemoryPlan plan = PlanMemory.run(drawn.program(), drawn.replacedStates(), new FakeBackend(cpu, 1, CHUNK_BYTES));
        assertThat(plan.rings()).hasSize(2).allSatisfy(ring -> {
            assertThat(ring.slotBytes()).isEqualTo(CHUNK_BYTES);
            assertThat(ring.numSlots()).isEqualTo(StagingRing.MOST_SLOTS);
        });
        assertThat(plan.hostBytes()).isEqualTo(2 * 3 * CHUNK_BYTES);
        assertThat(PlanMemory.run(drawn.program(), drawn.replacedStates(), cpu).hostBytes())
                .isZero();
    }

    /**
     * Each record, wait and synchronization of a few programs is left out, one at a time. What is not reported was
     * there for nothing: clocks of all streams say that everything was in order without it, and so it is.
     */
    @Test
    void aMissingEventOrWaitIsReportedUnlessOthersKeepTheOrder() throws Exception {
        int leftOut = 0;
        int reported = 0;
        for (int seed : new int[] {3, 10}) {
            RandomProgram drawn = new RandomProgram(TestMeshes.dataModel(2, 2), seed);
            for (Program program : List.of(drawn.program(), StartCollectives.run(drawn.program(), one -> true))) {
                List<List<float[]>> expected = outcome(drawn, drawn.program(), cpu, cpu, device -> {});
                FakeBackend whole = new FakeBackend(cpu, seed, CHUNK_BYTES);
                outcome(drawn, program, whole, whole, device -> ((FakeDevice) device).leaveOut(-1));
                int count = whole.device(0).numOrdered();
                assertThat(count).isGreaterThan(20);
                for (int number = 0; number < count; number++) {
                    int left = number;
                    reported += isReported(drawn, program, expected, left) ? 1 : 0;
                    leftOut++;
                }
            }
        }
        System.out.println("left out, one at a time: " + leftOut + ", reported: " + reported);
        assertThat(reported).isGreaterThan(leftOut * 3 / 4);
    }

    private boolean isReported(RandomProgram drawn, Program program, List<List<float[]>> expected, int left)
            throws Exception {
        FakeBackend far = new FakeBackend(cpu, 1, CHUNK_BYTES);
        try {
            List<List<float[]>> outcome =
                    outcome(drawn, program, far, far, device -> ((FakeDevice) device).leaveOut(left));
            assertThat(Arrays.deepEquals(arrays(outcome), arrays(expected)))
                    .as("without the %d.\n%s", left, program)
                    .isTrue();
            return false;
        } catch (ExecutionException e) {
            assertThat(e.getCause()).hasMessageContaining("unordered: ");
            return true;
        }
    }

    private static Object[] arrays(List<List<float[]>> outcome) {
        return outcome.stream().map(List::toArray).toArray();
    }
}
