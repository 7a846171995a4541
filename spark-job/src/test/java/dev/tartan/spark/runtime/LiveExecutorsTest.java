package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.train.config.MeshConfig;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LiveExecutorsTest {
    /** Whole groups along model in each executor, unless its task has too few GPUs for one. */
    @ParameterizedTest
    @CsvSource({
        "4, 2, 3, 0, 2",
        "4, 2, 9, 0, 4",
        "1, 2, 5, 0, 1",
        "1, 2, 2, 1, 2",
        "2, 4, 4, 2, 4",
        "2, 4, 1, 2, 4",
        "2, 2, 2, 2, 2",
        "2, 2, 1, 4, 1",
        "1, 3, 4, 2, 1",
        "3, 1, 3, 1, 3"
    })
    void aMeshIsSpreadOver(int data, int model, int present, double gpusPerTask, int executors) {
        assertThat(LiveExecutors.forMesh(new MeshConfig(data, model), present, gpusPerTask))
                .isEqualTo(executors);
    }
}
