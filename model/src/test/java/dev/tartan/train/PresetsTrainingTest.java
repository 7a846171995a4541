package dev.tartan.train;

import dev.tartan.backend.cuda.HostDriverBackend;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Training through CUDA's presets and NVRTC, on a driver made for the CPU. Only products of matrices are not
 * cuBLASLt's.
 */
@Tag("cuda")
@Timeout(600)
class PresetsTrainingTest {
    @TempDir
    static Path cache;

    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0} on {1}x{2}, {3}")
    @CsvSource(
            delimiter = '|',
            value = {
                "gpt   | 1 | 1 | strategy.zero=0",
                "llama | 1 | 1 | strategy.zero=0",
                "gpt   | 2 | 2 | strategy.zero=3, strategy.bucketBytes=20000, train.microBatches=2",
            })
    void goldenNetworksTrainAsOnTheCpu(String kind, int data, int model, String more) throws Exception {
        new CudaGolden(folder, kind, data, model, more)
                .assertTrainsAsOnTheCpu(HostDriverBackend.of(data * model, cache));
    }
}
