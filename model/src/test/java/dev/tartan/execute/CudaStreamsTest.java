package dev.tartan.execute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.Backend;
import dev.tartan.backend.cuda.HostCudaBackend;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.partition.Program;
import dev.tartan.partition.RandomProgram;
import dev.tartan.partition.StartCollectives;
import dev.tartan.partition.TestMeshes;
import dev.tartan.plan.DeviceTraits;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Programs on the streams of the CUDA backend, whose driver goes on in any order that events allow. */
@Timeout(300)
class CudaStreamsTest {
    /** The first without graphs, the second captures them, the third launches them again. */
    private static final int RUNS = 3;

    private static final int DEVICES = 4;
    /** 16 floats of each of two ranks. */
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

    /** What is planned for: collectives in one chunk, or in many. */
    private static DeviceTraits traits(HostCudaBackend cuda, boolean inChunks) {
        Backend backend = cuda.backend();
        return inChunks ? backend.on(backend.profile().stagingIn(CHUNK_BYTES)) : backend;
    }

    @Test
    void randomProgramsComputeWhatTheCpuComputes() throws Exception {
        int graphs = 0;
        for (int seed = 0; seed < 12; seed++) {
            RandomProgram drawn = new RandomProgram(TestMeshes.dataModel(2, 2), seed);
            Program started = StartCollectives.run(drawn.program(), one -> true);
            List<List<float[]>> expected = outcome(drawn, drawn.program(), cpu, cpu, device -> {});
            for (Program program : List.of(drawn.program(), started)) {
                HostCudaBackend cuda = new HostCudaBackend(DEVICES, seed);
                List<List<float[]>> actual =
                        outcome(drawn, program, traits(cuda, seed % 2 == 0), cuda.backend(), device -> {});
                for (int rank = 0; rank < DEVICES; rank++) {
                    for (int i = 0; i < expected.get(rank).size(); i++) {
                        expectNear(actual.get(rank).get(i), expected.get(rank).get(i));
                    }
                    assertThat(cuda.deviceBytes(rank)).isZero();
                    assertThat(cuda.hostBytes(rank)).isZero();
                }
                graphs += cuda.numGraphLaunches();
            }
        }
        assertThat(graphs).isPositive();
    }

    private static void expectNear(float[] actual, float[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        double scale = 1;
        for (float value : expected) {
            scale = Math.max(scale, Math.abs(value));
        }
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) actual[i]).isBetween(expected[i] - 1e-5 * scale, expected[i] + 1e-5 * scale);
        }
    }

    /**
     * Each record, wait and synchronization of a few programs is left out, one at a time. Some are there for nothing,
     * as the host has waited for the GPU before it ran a task.
     */
    @Test
    void aMissingEventOrWaitIsReportedUnlessTheHostHasWaited() throws Exception {
        int reported = 0;
        int leftOut = 0;
        for (int seed : new int[] {3, 10}) {
            RandomProgram drawn = new RandomProgram(TestMeshes.dataModel(2, 2), seed);
            Program program = StartCollectives.run(drawn.program(), one -> true);
            boolean inChunks = seed == 3;
            HostCudaBackend whole = new HostCudaBackend(DEVICES, seed);
            List<List<float[]>> expected = outcome(drawn, program, whole, inChunks, -1);
            int count = whole.numOrdered(0);
            assertThat(count).isGreaterThan(10);
            for (int number = 0; number < count; number++) {
                try {
                    assertThat(outcome(drawn, program, new HostCudaBackend(DEVICES, seed), inChunks, number))
                            .as("seed %d without the %d. of %d\n%s", seed, number, count, program)
                            .usingRecursiveComparison()
                            .isEqualTo(expected);
                } catch (ExecutionException e) {
                    assertThat(e.getCause()).hasMessageContaining("unordered: ");
                    reported++;
                }
                leftOut++;
            }
        }
        System.out.println("left out, one at a time: " + leftOut + ", reported: " + reported);
        assertThat(reported).isGreaterThan(leftOut / 3);
    }

    private List<List<float[]>> outcome(
            RandomProgram drawn, Program program, HostCudaBackend cuda, boolean inChunks, int leftOut)
            throws Exception {
        return outcome(
                drawn, program, traits(cuda, inChunks), cuda.backend(), device -> cuda.leaveOut(device, leftOut));
    }
}
