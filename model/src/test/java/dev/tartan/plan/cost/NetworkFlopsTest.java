package dev.tartan.plan.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.network.GptConfig;
import dev.tartan.network.MlpConfig;
import dev.tartan.network.NetworkFactory;
import dev.tartan.op.Activation;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.config.StrategyConfig;
import java.util.List;
import org.junit.jupiter.api.Test;

class NetworkFlopsTest {
    private static final int BATCH = 8;

    private static TrainingJob job(NetworkFactory network) {
        return TrainingJob.of(network).globalBatch(BATCH).steps(1);
    }

    private static long flops(TrainingJob job) {
        return job.compile(DeviceTraits.PLAIN).flops().flops();
    }

    /** 6 for each token and weight of a product, and 12 layers context^2 hidden for attention. */
    @Test
    void aGptTakesWhatPalmsFormulaSays() {
        GptConfig gpt = GptConfig.of(256, 32, 64, 2, 4);
        long weights = 2 * 12L * 64 * 64 + 256 * 64;
        long expected = 6 * weights * BATCH * 32 + 12L * 2 * 64 * 32 * 32 * BATCH;
        assertThat((double) flops(job(gpt))).isCloseTo(expected, within(0.01 * expected));
    }

    @Test
    void aPerceptronTakesSixForEachWeightAndSample() {
        MlpConfig mlp = new MlpConfig(20, List.of(64), 5, Activation.RELU);
        assertThat(flops(job(mlp))).isEqualTo(6L * (20 * 64 + 64 * 5) * BATCH);
    }

    /** Neither what is computed again, nor in how many parts, nor on how many ranks. */
    @Test
    void strategiesAndMeshesMakeNoDifference() {
        GptConfig gpt = GptConfig.of(256, 32, 64, 2, 4);
        long expected = flops(job(gpt));
        assertThat(flops(job(gpt).mesh(2, 2))).isEqualTo(expected);
        assertThat(flops(job(gpt).microBatches(2))).isEqualTo(expected);
        assertThat(flops(job(gpt).strategy(StrategyConfig.defaults().withRecompute(StrategyConfig.Recompute.BLOCK))))
                .isEqualTo(expected);
        assertThat(flops(job(gpt).mesh(2, 1).strategy(StrategyConfig.defaults().withZero(3))))
                .isEqualTo(expected);
    }

    @Test
    void utilizationIsTheShareOfThePeak() {
        TrainingPlan plan = job(GptConfig.of(256, 32, 64, 2, 4)).peakFlops(1e12).compile(DeviceTraits.PLAIN);
        StepFlops flops = plan.flops();
        assertThat(flops.perSecond(2)).isEqualTo(flops.flops() * 500.0);
        assertThat(flops.utilization(2)).isCloseTo(flops.flops() * 500.0 / 1e12, within(1e-12));
        assertThat(new StepFlops(5, 0).utilization(1)).isNaN();
    }
}
