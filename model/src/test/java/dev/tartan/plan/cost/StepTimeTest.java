package dev.tartan.plan.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.graph.DType;
import dev.tartan.plan.DeviceKind;
import dev.tartan.plan.hardware.Efficiency;
import dev.tartan.plan.hardware.HardwareProfile;
import dev.tartan.plan.hardware.Link;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StepTimeTest {
    private static final HardwareProfile ROUND_NUMBERS = new HardwareProfile(
            DeviceKind.CUDA,
            "round numbers",
            Map.of(DType.FLOAT32, 100.0, DType.BFLOAT16, 200.0),
            10,
            1 << 20,
            4,
            false,
            new Link(0, 20),
            new Link(0, 2),
            4,
            new Efficiency(0.5, 1, 1, 1));

    @Test
    void everyTermIsWhatTheHardwareTakesForIt() {
        StepTime time = time(work(1, 2, 3, 0, true, 0));
        // 3 micro-batches of 100 flops at half of 100 a second, of 20 bytes at 10, of 40 bytes sent at 20.
        assertThat(time.seconds("matrix products")).isEqualTo(6);
        assertThat(time.seconds("other ops")).isEqualTo(6);
        assertThat(time.seconds("collectives over model")).isEqualTo(6);
        assertThat(time.seconds("gradients over data")).isZero();
        assertThat(time.seconds("optimizer")).isEqualTo(3);
        assertThat(time.seconds()).isEqualTo(21);
    }

    @Test
    void offloadedStateCrossesTheLinkToTheHost() {
        StepWork work = offloading(work(2, 1, 1, 1, true, 0), 80);
        // Half of the 80 bytes at 4 a second.
        assertThat(time(work).seconds("offload")).isEqualTo(10);
        HardwareProfile oneMemory = new HardwareProfile(
                DeviceKind.CUDA,
                ROUND_NUMBERS.name(),
                ROUND_NUMBERS.matmulFlops(),
                10,
                1 << 20,
                4,
                true,
                new Link(0, 20),
                new Link(0, 2),
                0,
                ROUND_NUMBERS.efficiency());
        assertThat(oneMemory.sharesHostMemory()).isTrue();
        assertThat(StepTime.of(work, oneMemory, DType.FLOAT32).seconds("offload"))
                .isZero();
    }

    @Test
    void aSmallerTypeIsFasterInProductsOnly() {
        StepTime time = StepTime.of(work(1, 2, 3, 0, true, 0), ROUND_NUMBERS, DType.BFLOAT16);
        assertThat(time.seconds("matrix products")).isEqualTo(3);
        assertThat(time.seconds("other ops")).isEqualTo(6);
    }

    @Test
    void exchangesOverDataRunWithinNodesThenBetweenThem() {
        // 4 devices a node, 2 of each model group: data 4 is 2 in a node on 2 nodes. 80 bytes: half of them at 20 a
        // second, then half of 40 at 2.
        StepTime time = time(work(4, 2, 1, 0, false, 80));
        assertThat(time.seconds("gradients over data")).isCloseTo(2 + 10, within(1e-9));
        assertThat(time.seconds("parameters over data")).isCloseTo(2 + 10, within(1e-9));
    }

    @Test
    void overlapHidesExchangesUpToTheLastBlock() {
        // The backward pass takes 2/3 of 4 s, more than the 2 + 10 s but for 9.33.
        StepTime time = time(work(4, 2, 1, 0, true, 80));
        assertThat(time.seconds("gradients over data")).isCloseTo(12 - 8.0 / 3, within(1e-9));
        // 8 bytes take 1.2 s, less than what hides them, but a quarter is one block.
        assertThat(time(work(4, 2, 1, 0, true, 8)).seconds("gradients over data"))
                .isCloseTo(1.2 / 4, within(1e-9));
    }

    @Test
    void zeroThreeGathersParametersInEveryPassOfEveryMicroBatch() {
        StepTime once = time(work(4, 2, 3, 2, false, 80));
        StepTime always = time(work(4, 2, 3, 3, false, 80));
        assertThat(always.seconds("parameters over data"))
                .isCloseTo(6 * once.seconds("parameters over data"), within(1e-9));
        assertThat(always.seconds("gradients over data"))
                .isCloseTo(3 * once.seconds("gradients over data"), within(1e-9));
        assertThat(once.seconds("optimizer")).isEqualTo(3.0 / 4);
    }

    @Test
    void bytesOnTheWireFollowTheStage() {
        assertThat(new DataExchanges(0, true, true).wireBytes(4, 2, 100, 100)).isEqualTo(150);
        assertThat(new DataExchanges(2, true, true).wireBytes(4, 2, 100, 100)).isEqualTo(150);
        assertThat(new DataExchanges(3, true, true).wireBytes(4, 1, 100, 100)).isEqualTo(225);
        assertThat(new DataExchanges(3, false, true).wireBytes(4, 1, 100, 100)).isEqualTo(150);
        assertThat(new DataExchanges(3, true, true).wireBytes(4, 2, 100, 100)).isEqualTo(450);
    }

    /** Over 4 ranks in groups of 2: half of everything within a group, and between groups an all-reduce of half. */
    @Test
    void betweenCopiesOnlyGradientShardsTravel() {
        assertThat(new DataExchanges(2, true, 2, true).wireBytes(4, 2, 100, 100))
                .isEqualTo(150);
        assertThat(new DataExchanges(3, true, 2, true).wireBytes(4, 1, 100, 100))
                .isEqualTo(200);
        assertThat(new DataExchanges(3, true, 4, true).wireBytes(4, 1, 100, 100))
                .isEqualTo(150);
    }

    @Test
    void groupsWithinANodeGatherNothingBetweenNodes() {
        StepWork all = work(4, 2, 1, 2, false, 80);
        StepTime groups = time(exchanging(all, new DataExchanges(2, true, 2, false)));
        // 80 bytes in two halves at 20 a second; then, for gradients, twice half of 40 bytes at 2.
        assertThat(groups.seconds("parameters over data")).isCloseTo(2, within(1e-9));
        assertThat(groups.seconds("gradients over data")).isCloseTo(2 + 20, within(1e-9));
        assertThat(groups.seconds("optimizer")).isEqualTo(3.0 / 2);
    }

    private static StepWork offloading(StepWork work, double bytes) {
        return with(work, bytes, work.exchanges());
    }

    private static StepWork exchanging(StepWork work, DataExchanges exchanges) {
        return with(work, work.offloadedBytes(), exchanges);
    }

    private static StepWork with(StepWork work, double offloadedBytes, DataExchanges exchanges) {
        return new StepWork(
                work.data(),
                work.model(),
                work.microBatches(),
                work.matmulFlops(),
                work.backwardShare(),
                work.memoryBytes(),
                work.modelMessages(),
                work.modelWireBytes(),
                work.modelOverlapped(),
                work.parameterBytes(),
                work.gradientBytes(),
                work.largestBlockShare(),
                work.optimizerBytes(),
                offloadedBytes,
                exchanges);
    }

    private static StepTime time(StepWork work) {
        return StepTime.of(work, ROUND_NUMBERS, DType.FLOAT32);
    }

    private static StepWork work(int data, int model, int microBatches, int zero, boolean overlapped, double bytes) {
        return new StepWork(
                data,
                model,
                microBatches,
                100,
                2.0 / 3,
                20,
                1,
                40,
                false,
                bytes,
                bytes,
                0.25,
                30,
                0,
                new DataExchanges(zero, true, overlapped));
    }
}
