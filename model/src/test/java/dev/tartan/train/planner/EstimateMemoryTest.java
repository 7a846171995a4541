package dev.tartan.train.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.tartan.graph.DType;
import dev.tartan.plan.DeviceProfile;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.PrecisionPolicy;
import dev.tartan.train.config.StrategyConfig.Recompute;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class EstimateMemoryTest {
    private static final List<String> NETWORKS = List.of(
            "kind=llama, vocab=256, context=64, hidden=128, layers=6, heads=8, kvHeads=4",
            "kind=gpt, vocab=2000, context=32, hidden=64, layers=7, heads=4",
            "kind=gpt, vocab=256, context=64, hidden=64, layers=3, heads=4",
            "kind=mlp, inputs=100, hidden=[256, 256], outputs=4");
    private static final List<Candidate> MESHES = List.of(
            new Candidate(1, 1, 0, Recompute.NONE, false, 1),
            new Candidate(2, 1, 0, Recompute.NONE, false, 2),
            new Candidate(2, 2, 0, Recompute.NONE, false, 1),
            new Candidate(4, 2, 0, Recompute.NONE, false, 4),
            new Candidate(1, 4, 0, Recompute.NONE, false, 2));

    /** Where a compiled arena has gaps between buffers, an estimate is less: by up to 2.5 % in these. */
    @ParameterizedTest
    @MethodSource("cases")
    void estimatesAreWithinAFewPercentOfTheCompiledPeak(String network, Candidate candidate) {
        TrainingJob config = PlannerRuns.of(network);
        long exact =
                candidate.in(config).compile(DeviceTraits.PLAIN).step().memory().arenaBytes();
        assertThat(new EstimateMemory(config, DeviceTraits.PLAIN).peakBytes(candidate))
                .isCloseTo(exact, withinPercentage(100 * EstimateMemory.MAX_ERROR));
    }

    /**
     * What gradients and parameters under way take is estimated by formula, which in a small network is up to a fifth
     * too low.
     */
    @ParameterizedTest
    @MethodSource("strategies")
    void estimatesOfStrategiesAreWithinAFifthOfTheCompiledPeak(Candidate candidate) {
        TrainingJob config = PlannerRuns.small("strategy.bucketBytes=64KiB");
        long exact =
                candidate.in(config).compile(DeviceTraits.PLAIN).step().memory().arenaBytes();
        assertThat(new EstimateMemory(config, DeviceTraits.PLAIN).peakBytes(candidate))
                .isBetween(exact * 8 / 10, (long) (exact * (1 + EstimateMemory.MAX_ERROR)));
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void estimatesInBfloat16AreWithinAFifthToo(Candidate candidate) {
        TrainingJob config = PlannerRuns.small("strategy.bucketBytes=64KiB")
                .precision(PrecisionPolicy.bfloat16().withReduce(DType.BFLOAT16));
        long exact =
                candidate.in(config).compile(DeviceTraits.PLAIN).step().memory().arenaBytes();
        assertThat(new EstimateMemory(config, DeviceTraits.PLAIN).peakBytes(candidate))
                .isBetween(exact * 8 / 10, (long) (exact * (1 + EstimateMemory.MAX_ERROR)));
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 2", "2, 1", "2, 2", "3, 1", "3, 2"})
    void whatGroupsHoldTwiceIsCounted(int zero, int microBatches) {
        TrainingJob config =
                PlannerRuns.small("mesh.data=4", "strategy.bucketBytes=64KiB", "strategy.zero=1", "strategy.shard=2");
        Candidate candidate = new Candidate(4, 1, zero, Recompute.NONE, false, microBatches);
        long exact =
                candidate.in(config).compile(DeviceTraits.PLAIN).step().memory().arenaBytes();
        assertThat(new EstimateMemory(config, DeviceTraits.PLAIN).peakBytes(candidate))
                .isBetween(exact * 8 / 10, (long) (exact * (1 + EstimateMemory.MAX_ERROR)));
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "2, 0", "2, 1", "2, 3"})
    void offloadedStateIsNotCounted(int data, int zero) {
        TrainingJob config = PlannerRuns.small("strategy.bucketBytes=64KiB", "strategy.offloadOptimizer=true");
        Candidate candidate = new Candidate(data, 1, zero, Recompute.NONE, false, 1);
        DeviceTraits far = DeviceTraits.PLAIN.on(DeviceProfile.CPU.sharingHostMemory(false));
        long exact = candidate.in(config).compile(far).step().memory().arenaBytes();
        long estimate = new EstimateMemory(config, far).peakBytes(candidate);
        assertThat(estimate).isBetween(exact * 8 / 10, (long) (exact * (1 + EstimateMemory.MAX_ERROR)));
        assertThat(estimate).isLessThan(new EstimateMemory(config, DeviceTraits.PLAIN).peakBytes(candidate));
    }

    static Stream<Object[]> cases() {
        return NETWORKS.stream()
                .flatMap(network -> MESHES.stream().map(candidate -> new Object[] {network, candidate}));
    }

    static Stream<Candidate> strategies() {
        return Stream.of(1, 2, 3)
                .flatMap(zero -> Stream.of(Recompute.values())
                        .flatMap(recompute -> Stream.of(1, 2)
                                .map(microBatches -> new Candidate(2, 2, zero, recompute, false, microBatches))));
    }
}
