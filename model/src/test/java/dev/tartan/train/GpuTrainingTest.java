package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tartan.backend.cuda.CudaBackend;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Training on a GPU; skipped without one. By {@code scripts/test-cuda}. */
@Tag("cuda")
class GpuTrainingTest {
    @TempDir
    Path folder;

    @BeforeAll
    static void requireGpu() {
        assumeTrue(Files.exists(Path.of("/dev/nvidiactl")), "there is no GPU, so nothing is trained on one");
    }

    @ParameterizedTest
    @ValueSource(strings = {"mlp", "gpt", "llama"})
    void goldenNetworksTrainAsOnTheCpu(String kind) throws Exception {
        CudaGolden.Run run =
                new CudaGolden(folder, kind, 1, 1, "strategy.zero=0").assertTrainsAsOnTheCpu(CudaBackend.open());
        assertThat(run.result().summary().measuredPeakBytesPerDevice())
                .isEqualTo(run.plan().step().memory().arenaBytes());
    }
}
