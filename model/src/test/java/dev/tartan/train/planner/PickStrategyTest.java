package dev.tartan.train.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.StrategyConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class PickStrategyTest {
    @Test
    void autoIsAWordInTheConfigAndIsPickedBeforeCompiling() {
        TrainingJob config = PlannerRuns.small("strategy=auto");
        assertThat(config.strategy().isAutomatic()).isTrue();
        assertThatThrownBy(() -> PlannerRuns.small("strategy=automatic"))
                .hasMessageContaining("strategy is not a section: value=automatic");
        assertThatThrownBy(() -> config.compile(DeviceTraits.PLAIN))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("still to be picked");
    }

    @Test
    void theFastestThatFitsIsTaken() {
        TrainingJob config = PlannerRuns.small("strategy=auto");
        PickStrategy.Picked free = pick(config);
        // What is fastest in a roomy device does not fit half of its memory.
        PickStrategy.Picked tight =
                pick(PlannerRuns.small("strategy=auto", "train.deviceMemoryLimit=" + free.peakBytes() / 2));
        assertThat(tight.peakBytes()).isLessThanOrEqualTo(free.peakBytes() / 2);
        assertThat(tight.estimate().time().seconds())
                .isGreaterThanOrEqualTo(free.estimate().time().seconds());
        assertThat(tight.job().compile(DeviceTraits.PLAIN).step().memory().arenaBytes())
                .isEqualTo(tight.peakBytes());
        assertThat(tight.job().mesh()).isEqualTo(config.mesh());
    }

    @Test
    void aGivenShardIsKept() {
        TrainingJob config = PlannerRuns.small("mesh.data=4", "mesh.model=1")
                .strategy(StrategyConfig.automatic().withShard(2));
        PickStrategy.Picked picked = pick(config);
        assertThat(picked.job().strategy().shard()).isEqualTo(2);
        assertThat(picked.job().strategy().zero()).isPositive();
        assertThat(picked.job().compile(DeviceTraits.PLAIN).mesh()).hasToString("mesh(replica=2, data=2, model=1)");
    }

    /** Buckets of 4 MiB would have to hold all of it. */
    @Test
    void aSmallNetworkFitsLittleMoreThanItsLeastEstimate() {
        TrainingJob config = PlannerRuns.small();
        long least = estimates(config).stream()
                .mapToLong(CandidateEstimate::peakBytes)
                .min()
                .orElseThrow();
        PickStrategy.Picked picked =
                pick(PlannerRuns.small("strategy=auto", "train.deviceMemoryLimit=" + least * 5 / 4));
        assertThat(picked.peakBytes()).isLessThanOrEqualTo(least * 5 / 4);
    }

    @Test
    void whatIsEstimatedToFitIsTakenOnlyIfItsCompileDoes() {
        TrainingJob base = PlannerRuns.small();
        List<CandidateEstimate> sorted = estimates(base);
        long limit = Long.MAX_VALUE / 2;
        List<TrainingJob> compiled = new ArrayList<>();
        PickStrategy.Picked picked = PickStrategy.first(base, sorted, limit, config -> {
            compiled.add(config);
            return compiled.size() == 1
                    ? OptionalLong.of(limit + 1)
                    : compiled.size() == 2 ? OptionalLong.empty() : OptionalLong.of(limit);
        });
        assertThat(picked.numCompiled()).isEqualTo(3);
        assertThat(picked.estimate()).isEqualTo(sorted.get(2));
        assertThat(Candidate.of(picked.job())).isEqualTo(sorted.get(2).candidate());
    }

    @Test
    void thatNothingFitsIsSaid() {
        TrainingJob config = PlannerRuns.small("strategy=auto", "train.deviceMemoryLimit=1000");
        assertThatThrownBy(() -> pick(config))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("no strategy fits a device's memory: limit=1000, leastEstimate=")
                .hasMessageEndingWith("Use more devices, raise train.deviceMemoryLimit, or lower network.*.");
    }

    private static PickStrategy.Picked pick(TrainingJob config) {
        return PickStrategy.run(config, PlannerRuns.hardware("this-machine"), DeviceTraits.PLAIN);
    }

    private static List<CandidateEstimate> estimates(TrainingJob config) {
        TrainingJob base = config.strategy(StrategyConfig.defaults());
        return new EstimateCandidates(base, PlannerRuns.hardware("this-machine"), DeviceTraits.PLAIN)
                .sorted(Candidates.onMesh(base, 2, 2), Long.MAX_VALUE);
    }
}
