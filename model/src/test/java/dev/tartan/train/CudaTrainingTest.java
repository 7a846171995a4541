package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.Backend;
import dev.tartan.backend.cuda.HostCudaBackend;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.execute.RankExecutor;
import dev.tartan.plan.DeviceTraits;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole training runs of the CUDA backend, without a GPU. */
@Tag("slow")
@Timeout(600)
class CudaTrainingTest {
    private static final long STAGING_CHUNK_BYTES = 4096;

    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0} on {1}x{2}, {3}")
    @CsvSource(
            delimiter = '|',
            value = {
                "mlp   | 2 | 1 | strategy.zero=1",
                "gpt   | 2 | 2 | strategy.zero=2, strategy.sequenceParallel=true, strategy.recompute=selective",
                "llama | 2 | 1 | strategy.zero=3, strategy.offloadOptimizer=true, strategy.recompute=block",
            })
    void goldenNetworksTrainAsOnTheCpu(String kind, int data, int model, String more) throws Exception {
        HostCudaBackend cuda = new HostCudaBackend(data * model, 1);
        CudaGolden.Run run = new CudaGolden(folder, kind, data, model, more).assertTrainsAsOnTheCpu(cuda.backend());
        TrainingPlan plan = run.plan();
        assertThat(cuda.numGraphLaunches()).isPositive();
        assertThat(run.result().summary().measuredPeakBytesPerDevice())
                .isEqualTo(plan.step().memory().arenaBytes());
        expectPlannedBytes(plan, cuda);
    }

    @Tag("large")
    @ParameterizedTest(name = "{0} on {1}x{2}, {3}")
    @CsvSource(
            delimiter = '|',
            value = {
                "mlp   | 1 | 1 | strategy.zero=0",
                "mlp   | 1 | 2 | strategy.zero=0",
                "mlp   | 2 | 2 | strategy.zero=3",
                "gpt   | 1 | 1 | strategy.zero=0",
                "gpt   | 2 | 1 | strategy.zero=1, strategy.bucketBytes=20000",
                "gpt   | 1 | 2 | strategy.zero=0",
                "gpt   | 2 | 2 | strategy.zero=3, strategy.bucketBytes=20000, train.microBatches=2",
                "llama | 1 | 1 | strategy.zero=0",
                "llama | 1 | 2 | strategy.zero=0",
                "llama | 2 | 2 | strategy.zero=2",
            })
    void goldenNetworksTrainAsOnTheCpuOnOtherMeshes(String kind, int data, int model, String more) throws Exception {
        goldenNetworksTrainAsOnTheCpu(kind, data, model, more);
    }

    /** Within 1 % of float32 on the CPU. */
    @ParameterizedTest(name = "{0} on {1}x{2}, reduced in {3}, {4}")
    @CsvSource(
            delimiter = '|',
            value = {
                "gpt   | 2 | 2 | bfloat16 | strategy.zero=2",
                "mlp   | 2 | 1 | float32  | strategy.zero=1",
            })
    void goldenNetworksTrainInBfloat16(String kind, int data, int model, String reduce, String more) throws Exception {
        HostCudaBackend cuda = new HostCudaBackend(data * model, 1);
        String precision = "precision { parameters=bfloat16, compute=bfloat16, reduce=" + reduce + " }";
        CudaGolden.Run run = new CudaGolden(folder, kind, data, model, more + "\n" + precision)
                .assertFollowsTheCpu(cuda.backend(), cuda.backend(), more, loss -> 0.01 * loss);
        assertThat(run.result().summary().measuredPeakBytesPerDevice())
                .isEqualTo(run.plan().step().memory().arenaBytes());
        expectPlannedBytes(run.plan(), cuda);
    }

    @Tag("large")
    @ParameterizedTest(name = "{0} on {1}x{2}, reduced in {3}, {4}")
    @CsvSource(delimiter = '|', value = "llama | 2 | 1 | bfloat16 | strategy.zero=3")
    void otherNetworksTrainInBfloat16(String kind, int data, int model, String reduce, String more) throws Exception {
        goldenNetworksTrainInBfloat16(kind, data, model, reduce, more);
    }

    @Tag("large")
    @ParameterizedTest(name = "{0} on {1}x{2}, {3}")
    @CsvSource(
            delimiter = '|',
            value = "gpt | 2 | 2 | strategy.zero=2, strategy.sequenceParallel=true, strategy.bucketBytes=20000")
    void otherCollectivesInChunksTrainAsOnTheCpu(String kind, int data, int model, String more) throws Exception {
        collectivesInChunksTrainAsOnTheCpu(kind, data, model, more);
    }

    @ParameterizedTest(name = "{0} on {1}x{2}, {3}")
    @CsvSource(
            delimiter = '|',
            value = {
                "llama | 2 | 1 | strategy.zero=3, strategy.offloadOptimizer=true",
            })
    void collectivesInChunksTrainAsOnTheCpu(String kind, int data, int model, String more) throws Exception {
        HostCudaBackend cuda = new HostCudaBackend(data * model, 1);
        Backend backend = cuda.backend();
        DeviceTraits inChunks = backend.on(backend.profile().stagingIn(STAGING_CHUNK_BYTES));
        TrainingPlan plan = new CudaGolden(folder, kind, data, model, more)
                .assertTrainsAsOnTheCpu(backend, inChunks)
                .plan();
        assertThat(plan.step().memory().rings())
                .isNotEmpty()
                .allSatisfy(ring -> assertThat(ring.bytes()).isLessThanOrEqualTo(3 * STAGING_CHUNK_BYTES));
        expectPlannedBytes(plan, cuda);
    }

    /** All that the driver is asked for, to the byte. */
    static void expectPlannedBytes(TrainingPlan plan, HostCudaBackend cuda) throws Exception {
        try (MeshCommunicators mesh = CommunicationOptions.withinProcess(plan.mesh(), plan.collective())) {
            new MeshRun(cuda.backend(), ProcessRanks.all(mesh)).run((rank, device) -> {
                assertThat(cuda.deviceBytes(device.index())).isZero();
                assertThat(cuda.hostBytes(device.index())).isZero();
                try (RankExecutor executor =
                        new RankExecutor(plan.step().program(), plan.step().memory(), rank, device, mesh)) {
                    assertThat(cuda.deviceBytes(device.index()))
                            .isEqualTo(plan.step().memory().arenaBytes())
                            .isEqualTo(executor.arenaBytes());
                    assertThat(cuda.hostBytes(device.index()))
                            .isEqualTo(plan.hostBytesPerDevice())
                            .isEqualTo(executor.hostBytes());
                }
            });
        }
    }
}
