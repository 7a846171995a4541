package dev.tartan.train;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Trains the golden networks on every mesh and holds each step against PyTorch in float64. */
class GoldenTrajectoryTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "gpt, 1, 1", "gpt, 2, 1", "gpt, 1, 2", "gpt, 2, 2", "gpt, 4, 1", "gpt, 1, 4",
        "llama, 1, 1", "llama, 2, 1", "llama, 1, 2", "llama, 2, 2", "llama, 4, 1", "llama, 1, 4",
        "mlp, 1, 1", "mlp, 2, 1", "mlp, 1, 2", "mlp, 2, 2", "mlp, 4, 1", "mlp, 1, 4"
    })
    void everyMeshFollowsPyTorch(String kind, int data, int model) throws Exception {
        new GoldenTraining(kind, folder).assertFollowsPyTorch(data, model);
    }
}
