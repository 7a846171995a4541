package dev.tartan.train.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.plan.DeviceProfile;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.InvalidConfigException;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class CheckMemoryLimitTest {
    @Test
    void aRunWithinItsLimitOrWithoutOnePasses() {
        long peak = peak(PlannerRuns.small());
        assertThatCode(() -> check(PlannerRuns.small())).doesNotThrowAnyException();
        assertThatCode(() -> check(limited(peak))).doesNotThrowAnyException();
    }

    @Test
    void theRefusalNamesBothNumbersAndWhatFits() {
        TrainingJob base = PlannerRuns.small();
        long peak = peak(base);
        long limit = peak(PlannerRuns.small("train.microBatches=2"));
        // Stages of ZeRO, as they would be if they saved nothing, are tried first and found wanting.
        SmallestChange changes = new SmallestChange(
                limited(limit),
                DeviceTraits.PLAIN,
                config -> Candidate.of(config).microBatches() == 1
                        ? OptionalLong.of(peak)
                        : ExactPeak.compiled(DeviceTraits.PLAIN).bytes(config),
                4);
        assertThatThrownBy(() -> CheckMemoryLimit.run(limited(limit), peak, changes))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessage("config has a mistake:\n  train.deviceMemoryLimit is less than the run needs: needed="
                        + peak + ", limit=" + limit + ". Set train.microBatches=2, which needs " + limit + " bytes.");
    }

    @Test
    void theLowestStageOfZeroThatFitsIsFoundFirst() {
        long peak = peak(PlannerRuns.small());
        // A compiler in which each stage saves a twentieth.
        ExactPeak twentieths =
                config -> OptionalLong.of(peak * (20 - config.strategy().zero()) / 20);
        assertThat(find(peak * 96 / 100, twentieths)).isEqualTo("[strategy.zero=1]");
        assertThat(find(peak * 91 / 100, twentieths)).isEqualTo("[strategy.zero=2]");
    }

    /** Where it saves device memory, and before any two keys are changed. */
    @Test
    void offloadIsProposedWhereItHelps() {
        long peak = peak(PlannerRuns.small());
        ExactPeak offloadOrBoth = config ->
                OptionalLong.of(config.strategy().offloadOptimizer() || keysChanged(config) > 1 ? peak / 2 : peak);
        DeviceTraits far = DeviceTraits.PLAIN.on(DeviceProfile.CPU.sharingHostMemory(false));
        assertThat(find(peak - 1, far, offloadOrBoth)).isEqualTo("[strategy.offloadOptimizer=true]");
        assertThat(find(peak - 1, DeviceTraits.PLAIN, offloadOrBoth)).doesNotContain("offload");
        ExactPeak onlyOffload = config -> OptionalLong.of(config.strategy().offloadOptimizer() ? peak / 2 : peak);
        assertThat(find(peak - 1, far, onlyOffload)).isEqualTo("[strategy.offloadOptimizer=true]");
        assertThat(find(peak - 1, DeviceTraits.PLAIN, onlyOffload)).isEqualTo("none");
    }

    @Test
    void splittingOverAllOfDataIsProposedWhereItHelps() {
        String[] keys = {"mesh.data=4", "mesh.model=1", "strategy.zero=3", "strategy.recompute=block"};
        long limit = peak(PlannerRuns.small(keys));
        TrainingJob groups = PlannerRuns.small(keys)
                .strategy(PlannerRuns.small(keys).strategy().withShard(2))
                .deviceMemoryLimit(limit);
        assertThat(peak(groups)).isGreaterThan(limit);
        // More micro-batches, as they would be if they saved nothing.
        ExactPeak shardsOnly = config -> OptionalLong.of(config.strategy().shard() == 0 ? limit : peak(groups));
        assertThat(new SmallestChange(groups, DeviceTraits.PLAIN, shardsOnly, 4).find(limit))
                .hasValue(new SmallestChange.Change(List.of("strategy.shard=0"), limit));
    }

    private static int keysChanged(TrainingJob config) {
        Candidate other = Candidate.of(config);
        Candidate now = Candidate.of(PlannerRuns.small());
        return (other.zero() == now.zero() ? 0 : 1)
                + (other.recompute() == now.recompute() ? 0 : 1)
                + (other.sequenceParallel() == now.sequenceParallel() ? 0 : 1)
                + (other.microBatches() == now.microBatches() ? 0 : 1);
    }

    @Test
    void anotherMeshIsTheLastResort() {
        long peak = peak(PlannerRuns.small());
        ExactPeak meshesOnly = config -> OptionalLong.of(config.mesh().model() == 4 ? peak / 2 : peak);
        assertThat(find(peak - 1, meshesOnly)).startsWith("[mesh.data=1, mesh.model=4");
    }

    @Test
    void thatNothingFitsIsSaid() {
        assertThatThrownBy(() -> check(limited(1000)))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining(
                        "limit=1000. No strategy, number of micro-batches or mesh of as many devices fits");
    }

    @Test
    void zeroThreeFitsWhereZeroZeroIsRefused() {
        long limit = peak(PlannerRuns.small("strategy.zero=3"));
        assertThat(limit).isLessThan(peak(PlannerRuns.small("strategy.zero=2")));
        assertThatThrownBy(() -> check(limited(limit)))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("Set strategy.zero=3, which needs " + limit + " bytes.");
        assertThatCode(() -> check(PlannerRuns.small("strategy.zero=3", "train.deviceMemoryLimit=" + limit)))
                .doesNotThrowAnyException();
    }

    private static String find(long limit, ExactPeak exact) {
        return find(limit, DeviceTraits.PLAIN, exact);
    }

    private static String find(long limit, DeviceTraits traits, ExactPeak exact) {
        return new SmallestChange(PlannerRuns.small(), traits, exact, 4)
                .find(limit)
                .map(change -> change.keys().toString())
                .orElse("none");
    }

    private static TrainingJob limited(long limit) {
        return PlannerRuns.small("train.deviceMemoryLimit=" + limit);
    }

    private static long peak(TrainingJob config) {
        return config.compile(DeviceTraits.PLAIN).step().memory().arenaBytes();
    }

    private static void check(TrainingJob config) {
        CheckMemoryLimit.run(config, config.compile(DeviceTraits.PLAIN), DeviceTraits.PLAIN, 4);
    }
}
