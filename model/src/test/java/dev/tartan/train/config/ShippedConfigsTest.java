package dev.tartan.train.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.optimizer.AdamWOptimizer;
import dev.tartan.optimizer.Schedule;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
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

    @Test
    void theConfigUnderSetAloneIsNeutral() {
        RunConfig config = RunConfigLoader.load(CONF.resolve("small-gpt.conf"), List.of("data.path=book.txt"));
        RunConfig defaults = RunConfigLoader.load(
                null,
                List.of(
                        "network={kind=gpt,vocab=256,context=128,hidden=128,layers=4,heads=4}",
                        "data={kind=text,path=book.txt}"));
        assertThat(config).isEqualTo(defaults);
        // as its comment says
        assertThat(config.mesh()).isEqualTo(new MeshConfig(1, 1));
        assertThat(config.optimizer()).isInstanceOfSatisfying(AdamWOptimizer.class, adamW -> {
            assertThat(adamW.learningRate()).isEqualTo(1e-3);
            assertThat(adamW.schedule()).isEqualTo(Schedule.of(Schedule.Kind.CONSTANT, 0));
        });
        assertThat(config.train().steps()).isEqualTo(100);
        assertThat(config.train().globalBatch()).isEqualTo(16);
        assertThat(config.output().dir()).isEqualTo(Path.of("runs/latest"));
    }

    static Stream<Path> runConfigs() {
        return Stream.of("gpt-repository.conf", "llama-small.conf", "mlp-batches.conf")
                .map(CONF::resolve)
                .peek(file -> assertThat(Files.isRegularFile(file)).isTrue());
    }
}
