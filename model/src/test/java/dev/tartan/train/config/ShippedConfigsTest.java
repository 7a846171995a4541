package dev.tartan.train.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ShippedConfigsTest {
    private static final Path CONF = Path.of("../conf");

    @ParameterizedTest
    @MethodSource("runConfigs")
    void everyShippedConfigIsGoodAndReadsBack(Path file) {
        // The working directory of a test is the module's, not the repository's.
        List<String> overrides = file.endsWith("mlp-batches.conf")
                ? List.of("data.path=src/test/resources/golden/mlp-batches.safetensors")
                : List.of();
        RunConfig config = RunConfigLoader.load(file, overrides);
        assertThat(config.mesh()).isEqualTo(new MeshConfig(2, 2));
        assertThat(RunConfigLoader.parse(config.render())).isEqualTo(config);
    }

    static Stream<Path> runConfigs() {
        return Stream.of("gpt-repository.conf", "llama-small.conf", "mlp-batches.conf")
                .map(CONF::resolve)
                .peek(file -> assertThat(Files.isRegularFile(file)).isTrue());
    }
}
