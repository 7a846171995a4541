package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.backend.cuda.CudaBackend;
import dev.tartan.op.EinsumEpilogue;
import dev.tartan.op.FusedElementwise;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Golden networks planned for GPUs, with epilogues of products and without. Such plans are run by others. */
class ProductEpiloguesTest {
    private static final DeviceTraits WITH = CudaBackend.TRAITS;
    private static final DeviceTraits WITHOUT = WITH.on(WITH.profile().withProductEpilogues(false));

    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0} on {1}x{2}, {3}: {4}, {5}")
    @CsvSource(
            delimiter = '|',
            value = {
                "mlp   | 1 | 1 | strategy.zero=0 | 3 | 3",
                "mlp   | 1 | 2 | strategy.zero=0 | 2 | 3",
                "mlp   | 2 | 2 | strategy.zero=3 | 1 | 1",
                "gpt   | 1 | 1 | strategy.zero=0 | 8 | 8",
                "gpt   | 1 | 1 | precision { parameters=bfloat16, compute=bfloat16, reduce=float32 } | 8 | 0",
                "gpt   | 1 | 2 | strategy.zero=0 | 4 | 8",
                "gpt   | 2 | 2 | strategy.zero=3 | 4 | 8",
                "gpt   | 2 | 2 | strategy.zero=3, strategy.bucketBytes=20000, train.microBatches=2 | 8 | 16",
                "llama | 1 | 1 | strategy.zero=0 | 0 | 0",
            })
    void biasesAndTheirGradientsTakeNoLaunches(
            String kind, int data, int model, String more, int numBiases, int numSums) throws Exception {
        TrainingPlan with = plan(kind, data, model, more, WITH);
        TrainingPlan without = plan(kind, data, model, more, WITHOUT);
        assertThat(size(without) - size(with)).isEqualTo(numBiases + numSums);
        assertThat(count(with, EinsumEpilogue.Kind.BIAS)).isEqualTo(numBiases);
        assertThat(count(with, EinsumEpilogue.Kind.LEFT_SUM, EinsumEpilogue.Kind.RIGHT_SUM))
                .isEqualTo(numSums);
        assertThat(with.peakBytesPerDevice(WITH)).isLessThanOrEqualTo(without.peakBytesPerDevice(WITHOUT));
    }

    private TrainingPlan plan(String kind, int data, int model, String more, DeviceTraits traits) throws Exception {
        String golden = GoldenConfig.of(
                kind,
                new ObjectMapper().readTree(Files.readAllBytes(GoldenConfig.resource(kind + ".json"))),
                data,
                model,
                folder);
        RunConfig config = RunConfigLoader.parse(golden + more);
        return TrainingJob.of(config).compile(traits);
    }

    /** How many ops a step has, those in chains of elementwise ones one by one. */
    private static int size(TrainingPlan plan) {
        return plan.step().program().instructions().stream()
                .mapToInt(instruction -> instruction.op() instanceof FusedElementwise chain
                        ? chain.steps().size()
                        : 1)
                .sum();
    }

    private static int count(TrainingPlan plan, EinsumEpilogue.Kind... kinds) {
        return (int) plan.step().program().instructions().stream()
                .filter(instruction -> instruction.op() instanceof EinsumEpilogue op
                        && Arrays.asList(kinds).contains(op.kind()))
                .count();
    }
}
