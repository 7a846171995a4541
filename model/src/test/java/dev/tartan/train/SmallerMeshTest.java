package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SmallerMeshTest {
    private static TrainingJob job(int globalBatch, int microBatches) {
        return TrainingJob.of(SmallRun.NETWORK)
                .mesh(8, 2)
                .globalBatch(globalBatch)
                .microBatches(microBatches);
    }

    private static List<Integer> microBatches(TrainingJob whole, int fewer) {
        return SmallerMesh.of(whole, 4, fewer).stream()
                .map(job -> job.train().microBatches())
                .toList();
    }

    @Test
    void eachProcessHasAsManyRanksAsBeforeAndTheBatchStays() {
        assertThat(SmallerMesh.of(job(24, 1), 4, 3)).isNotEmpty().allSatisfy(job -> {
            assertThat(job.mesh().data()).isEqualTo(6);
            assertThat(job.mesh().model()).isEqualTo(2);
            assertThat(job.train().globalBatch()).isEqualTo(24);
        });
    }

    @Test
    void theSameMicroBatchesAreTriedFirstThenMore() {
        assertThat(microBatches(job(24, 1), 3)).containsExactly(1, 2, 4);
        assertThat(microBatches(job(48, 2), 3)).containsExactly(2, 4, 8);
    }

    @Test
    void aBatchThatDoesNotDivideOverSoFewHasNone() {
        assertThat(microBatches(job(16, 1), 3)).isEmpty();
    }
}
