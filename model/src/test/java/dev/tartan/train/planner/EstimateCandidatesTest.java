package dev.tartan.train.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.tartan.plan.CommunicationTraffic;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.config.StrategyConfig.Recompute;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class EstimateCandidatesTest {
    private static final Candidate PLAIN = new Candidate(2, 2, 0, Recompute.NONE, false, 1);

    @Test
    void trafficIsThatOfTheCompiledProgram() {
        TrainingJob config = PlannerRuns.small();
        long compiled = CommunicationTraffic.of(
                        PLAIN.in(config).compile(DeviceTraits.PLAIN).step().program())
                .stream()
                .mapToLong(CommunicationTraffic::wireBytes)
                .sum();
        // The rest is losses, norms and other scalars.
        assertThat(estimates(config).estimate(PLAIN).wireBytes()).isCloseTo(compiled, withinPercentage(0.1));
    }

    @Test
    void trafficBetweenGroupsIsThatOfTheCompiledProgram() {
        TrainingJob config = PlannerRuns.small("mesh.data=4", "mesh.model=1", "strategy.zero=2", "strategy.shard=2");
        Candidate candidate = new Candidate(4, 1, 2, Recompute.NONE, false, 1);
        long compiled =
                CommunicationTraffic.of(candidate
                                .in(config)
                                .compile(DeviceTraits.PLAIN)
                                .step()
                                .program())
                        .stream()
                        .mapToLong(CommunicationTraffic::wireBytes)
                        .sum();
        assertThat(estimates(config).estimate(candidate).wireBytes()).isCloseTo(compiled, withinPercentage(0.1));
    }

    @Test
    void whatFitsComesFirstAndThenTheFastest() {
        TrainingJob config = PlannerRuns.small();
        EstimateCandidates estimates = estimates(config);
        List<Candidate> candidates = Candidates.onMesh(config, 2, 2);
        long limit = estimates.estimate(PLAIN.withMicroBatches(4)).peakBytes();
        List<CandidateEstimate> sorted = estimates.sorted(candidates, limit);
        assertThat(sorted).hasSameSizeAs(candidates);
        List<CandidateEstimate> fitting =
                sorted.stream().filter(each -> each.fits(limit)).toList();
        assertThat(fitting).isNotEmpty().hasSizeLessThan(sorted.size());
        assertThat(sorted.subList(0, fitting.size())).isEqualTo(fitting);
        assertThat(fitting)
                .isSortedAccordingTo(
                        (a, b) -> Double.compare(a.time().seconds(), b.time().seconds()));
    }

    /** 70 billion parameters on 1,024 devices: no number overflows, and no compile is as deep as the network. */
    @Test
    void networksOfAnySizeArePlanned() {
        TrainingJob config = TrainingJob.of(RunConfigLoader.load(Path.of("../conf/llama-70b.conf"), List.of()));
        EstimateCandidates estimates = new EstimateCandidates(config, PlannerRuns.hardware("h100"), DeviceTraits.PLAIN);
        Candidate whole = new Candidate(128, 8, 0, Recompute.NONE, false, 8);
        CandidateEstimate estimate = estimates.estimate(whole);
        // Of each parameter the weight, two moments and the gradients of two micro-batches, 4 bytes each, at least.
        double parameterBytes = 70_553_706_496.0 / 8 * 4;
        assertThat((double) estimate.peakBytes()).isGreaterThan(5 * parameterBytes);
        assertThat(estimate.work().parameterBytes()).isCloseTo(parameterBytes, withinPercentage(0.1));
        // 6 flops a parameter and token, embeddings only looked up; two products of attention and five of its gradient.
        double tokens = 4096;
        double attention = 7 * 2.0 * 80 * 8192 * tokens * tokens;
        double flops = (6 * (70_553_706_496.0 - 128_256.0 * 8192) * tokens + attention) / 8;
        assertThat(estimate.work().matmulFlops()).isCloseTo(flops, withinPercentage(1));
        long split = estimates.estimate(whole.withZero(3)).peakBytes();
        assertThat(split).isPositive().isLessThan(estimate.peakBytes() / 2);
    }

    private static EstimateCandidates estimates(TrainingJob config) {
        return new EstimateCandidates(config, PlannerRuns.hardware("this-machine"), DeviceTraits.PLAIN);
    }
}
