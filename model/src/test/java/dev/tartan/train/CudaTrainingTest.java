package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.backend.Backend;
import dev.tartan.backend.cuda.HostCudaBackend;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.execute.RankExecutor;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole training runs of the CUDA backend, without a GPU. */
@Tag("slow")
@Timeout(600)
class CudaTrainingTest {
    private static final int STEPS = 3;

    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0} on {1}x{2}, {3}")
    @CsvSource(
            delimiter = '|',
            value = {
                "mlp   | 2 | 1 | strategy.zero=1",
                "gpt   | 1 | 1 | strategy.zero=0",
                "gpt   | 2 | 1 | strategy.zero=1, strategy.bucketBytes=20000",
                "gpt   | 1 | 2 | strategy.zero=0",
                "gpt   | 2 | 2 | strategy.zero=2, strategy.sequenceParallel=true, strategy.recompute=selective",
                "gpt   | 2 | 2 | strategy.zero=3, strategy.bucketBytes=20000, train.microBatches=2",
                "llama | 1 | 1 | strategy.zero=0",
                "llama | 2 | 1 | strategy.zero=3, strategy.offloadOptimizer=true, strategy.recompute=block",
                "llama | 1 | 2 | strategy.zero=0",
                "llama | 2 | 2 | strategy.zero=2",
            })
    void goldenNetworksTrainAsOnTheCpu(String kind, int data, int model, String more) throws Exception {
        Backend cpu = new Nd4jBackend(1);
        TrainingPlan onCpu =
                TrainingJob.of(config(kind, data, model, more, "cpu")).compile(cpu);
        TrainingResult expected = train(onCpu, config(kind, data, model, more, "other"), cpu);
        RunConfig config = config(kind, data, model, more, "cuda");
        HostCudaBackend cuda = new HostCudaBackend(data * model, 1);
        TrainingPlan plan = TrainingJob.of(config).compile(cuda.backend());
        TrainingResult result = train(plan, config, cuda.backend());
        List<Double> losses = losses(result);
        assertThat(losses).hasSize(STEPS);
        for (int step = 0; step < STEPS; step++) {
            assertThat(losses.get(step)).isCloseTo(losses(expected).get(step), within(1e-5));
        }
        assertThat(cuda.numGraphLaunches()).isPositive();
        assertThat(result.summary().measuredPeakBytesPerDevice())
                .isEqualTo(plan.step().memory().arenaBytes());
        expectPlannedBytes(plan, cuda);
    }

    /** All that the driver is asked for, to the byte. */
    private static void expectPlannedBytes(TrainingPlan plan, HostCudaBackend cuda) throws Exception {
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

    private static List<Double> losses(TrainingResult result) {
        return result.steps().stream().map(step -> step.loss()).toList();
    }

    private static TrainingResult train(TrainingPlan plan, RunConfig config, Backend backend) throws Exception {
        return MeshTrainer.run(plan, config.network(), backend, step -> {});
    }

    private RunConfig config(String kind, int data, int model, String more, String name) throws Exception {
        Path output = Files.createDirectory(folder.resolve(name));
        String golden = GoldenConfig.of(
                kind,
                new ObjectMapper().readTree(Files.readAllBytes(GoldenConfig.resource(kind + ".json"))),
                data,
                model,
                output);
        return RunConfigLoader.parse(golden + more + "\ntrain.steps=" + STEPS);
    }
}
