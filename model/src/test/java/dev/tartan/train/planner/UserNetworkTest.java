package dev.tartan.train.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.tartan.partition.ResidualNet;
import dev.tartan.partition.ResidualNet.Naming;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.config.StrategyConfig.Recompute;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Networks of users are planned as they are, whatever they call their blocks, and without any. */
class UserNetworkTest {
    private static final int DEPTH = 5;

    private static TrainingJob job(Naming naming) {
        return TrainingJob.of(() -> new ResidualNet(DEPTH, naming))
                .mesh(2, 1)
                .globalBatch(16)
                .steps(2);
    }

    @ParameterizedTest
    @EnumSource(Naming.class)
    void estimatesAreWithinAFewPercentOfTheCompiledPeak(Naming naming) {
        TrainingJob job = job(naming);
        EstimateMemory estimates = new EstimateMemory(job, DeviceTraits.PLAIN);
        for (Recompute recompute : Recompute.values()) {
            for (int microBatches : new int[] {1, 2}) {
                Candidate candidate = new Candidate(2, 1, 0, recompute, false, microBatches);
                long exact = candidate
                        .in(job)
                        .compile(DeviceTraits.PLAIN)
                        .step()
                        .memory()
                        .arenaBytes();
                assertThat(estimates.peakBytes(candidate))
                        .as("%s", candidate)
                        .isCloseTo(exact, withinPercentage(100 * EstimateMemory.MAX_ERROR));
            }
        }
    }

    /** A tenth above what it takes, because estimates of so small a network are up to a sixteenth too high. */
    @ParameterizedTest
    @EnumSource(Naming.class)
    void theStrategyThatIsPickedTakesWhatItIsSaidTo(Naming naming) {
        PickStrategy.Picked free =
                PickStrategy.run(job(naming), PlannerRuns.hardware("this-machine"), DeviceTraits.PLAIN);
        long limit = free.peakBytes() * 11 / 10;
        PickStrategy.Picked picked = PickStrategy.run(
                job(naming).deviceMemoryLimit(limit), PlannerRuns.hardware("this-machine"), DeviceTraits.PLAIN);
        assertThat(picked.peakBytes()).isLessThanOrEqualTo(limit);
        TrainingPlan plan = picked.job().compile(DeviceTraits.PLAIN);
        assertThat(plan.step().memory().arenaBytes()).isEqualTo(picked.peakBytes());
    }
}
