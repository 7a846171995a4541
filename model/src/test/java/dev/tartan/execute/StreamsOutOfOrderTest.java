package dev.tartan.execute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.Backend;
import dev.tartan.backend.fake.FakeBackend;
import dev.tartan.backend.fake.FakeDevice;
import dev.tartan.backend.fake.FarCommunicators;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.partition.Program;
import dev.tartan.partition.RandomProgram;
import dev.tartan.partition.StartCollectives;
import dev.tartan.partition.TestMeshes;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Programs on devices whose streams do everything as late as can be, in any order that events allow. */
@Timeout(300)
class StreamsOutOfOrderTest {
    private static final int RUNS = 2;

    private final Backend cpu = new Nd4jBackend(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void endThreads() {
        threads.shutdownNow();
    }

    private List<List<float[]>> outcome(RandomProgram drawn, Program program, Backend backend, RandomRuns.Before before)
            throws Exception {
        MeshCommunicators mesh = new FarCommunicators(
                LocalMesh.create(List.of("data", "model"), new int[] {2, 2}, Duration.ofMinutes(1)));
        return new RandomRuns(threads, RUNS).outcome(drawn, program, cpu, backend, mesh, before);
    }

    @Test
    void randomProgramsComputeTheSameBits() throws Exception {
        for (int seed = 0; seed < 24; seed++) {
            RandomProgram drawn = new RandomProgram(TestMeshes.dataModel(2, 2), seed);
            Program started = StartCollectives.run(drawn.program(), one -> true);
            List<List<float[]>> expected = outcome(drawn, drawn.program(), cpu, device -> {});
            for (Program program : List.of(drawn.program(), started)) {
                for (int order = 0; order < 3; order++) {
                    assertThat(outcome(drawn, program, new FakeBackend(cpu, order), device -> {}))
                            .as("seed %d, order %d\n%s", seed, order, program)
                            .usingRecursiveComparison()
                            .isEqualTo(expected);
                }
            }
        }
    }

    /** Each record, wait and synchronization of a few programs is left out, one at a time. */
    @Test
    void noEventAndNoWaitIsThereForNothing() throws Exception {
        int leftOut = 0;
        for (int seed : new int[] {3, 10, 17}) {
            RandomProgram drawn = new RandomProgram(TestMeshes.dataModel(2, 2), seed);
            Program program = StartCollectives.run(drawn.program(), one -> true);
            List<List<float[]>> expected = outcome(drawn, drawn.program(), cpu, device -> {});
            FakeBackend whole = new FakeBackend(cpu, seed);
            outcome(drawn, program, whole, device -> ((FakeDevice) device).leaveOut(-1));
            int count = whole.device(0).numOrdered();
            assertThat(count).isGreaterThan(10);
            for (int number = 0; number < count; number++) {
                int left = number;
                assertThat(isRight(drawn, program, expected, device -> ((FakeDevice) device).leaveOut(left)))
                        .as("seed %d without the %d. of %d\n%s", seed, number, count, program)
                        .isFalse();
                leftOut++;
            }
        }
        System.out.println("left out, one at a time: " + leftOut);
    }

    private static Object[] arrays(List<List<float[]>> outcome) {
        return outcome.stream().map(List::toArray).toArray();
    }

    private boolean isRight(
            RandomProgram drawn, Program program, List<List<float[]>> expected, RandomRuns.Before before)
            throws Exception {
        try {
            List<List<float[]>> outcome = outcome(drawn, program, new FakeBackend(cpu, 1), before);
            return Arrays.deepEquals(arrays(outcome), arrays(expected));
        } catch (ExecutionException e) {
            assertThat(e.getCause()).hasMessageContaining("unordered: ");
            return false;
        }
    }
}
