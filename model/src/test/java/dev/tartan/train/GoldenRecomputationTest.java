package dev.tartan.train;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Recomputed, on split sequences or both, the golden networks train as PyTorch says, at the same tolerances. */
@Tag("slow")
class GoldenRecomputationTest {
    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0} on {1}x{2}, {3}, sequenceParallel={4}, zero={5}, {6} micro-batches")
    @CsvSource({
        "gpt, 1, 1, block, false, 0, 4",
        "gpt, 2, 1, selective, false, 3, 4",
        "gpt, 4, 1, block, false, 2, 2",
        "gpt, 1, 2, block, false, 0, 4",
        "gpt, 2, 2, selective, false, 0, 4",
        "gpt, 1, 2, none, true, 0, 4",
        "gpt, 1, 2, selective, true, 0, 1",
        "gpt, 2, 2, none, true, 0, 1",
        "gpt, 2, 2, block, true, 3, 4",
        "gpt, 1, 4, block, true, 0, 4",
        "llama, 2, 1, block, false, 3, 4",
        "llama, 4, 1, selective, false, 0, 2",
        "llama, 1, 4, block, false, 0, 4",
        "llama, 1, 2, block, true, 0, 4",
        "llama, 2, 2, none, true, 2, 1",
        "llama, 2, 2, selective, true, 3, 4",
        "llama, 1, 4, none, true, 0, 4",
        "mlp, 2, 2, selective, false, 0, 4",
        "mlp, 4, 1, block, false, 3, 4"
    })
    void trainingFollowsPyTorch(
            String kind, int data, int model, String recompute, boolean sequenceParallel, int zero, int microBatches)
            throws Exception {
        new GoldenTraining(kind, folder)
                .assertFollowsPyTorch(
                        data,
                        model,
                        "strategy.recompute=" + recompute,
                        "strategy.sequenceParallel=" + sequenceParallel,
                        "strategy.zero=" + zero,
                        "train.microBatches=" + microBatches);
    }
}
