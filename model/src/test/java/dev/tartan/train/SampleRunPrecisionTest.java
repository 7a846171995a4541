package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.graph.DType;
import dev.tartan.train.config.PrecisionPolicy;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.metrics.StepMetrics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sample run, 500 steps of it on the text of this module's sources, in bfloat16 and in float32. */
@Tag("large")
class SampleRunPrecisionTest {
    private static final int STEPS = 500;

    /** The loss of one step depends on its samples; so many steps make a mean that does not. */
    private static final int LAST = 20;

    /** What the issue asks for. */
    private static final double TOLERANCE = 0.02;

    @TempDir
    Path folder;

    private List<Double> losses(PrecisionPolicy precision) throws Exception {
        Path conf = Path.of("..", "conf", "gpt-repository.conf");
        RunConfig config = RunConfigLoader.load(
                conf, List.of("train.steps=" + STEPS, "data.path=" + folder.resolve("text"), "output.dir=" + folder));
        Nd4jBackend backend = Nd4jBackend.forDevices(4);
        TrainingJob job = TrainingJob.of(config).output(null).precision(precision);
        TrainingResult result = MeshTrainer.run(job.compile(backend), job.network(), backend, step -> {});
        assertThat(result.summary().measuredPeakBytesPerDevice())
                .isEqualTo(result.summary().plannedPeakBytesPerDevice());
        System.out.printf(
                "sample run %s: last loss %.4f, mean of the last %d %.4f, median step %.1f ms, %,d bytes per device%n",
                precision,
                result.summary().finalLoss(),
                LAST,
                mean(result.steps().stream().map(StepMetrics::loss).toList()),
                result.summary().medianStepMillis(),
                result.summary().plannedPeakBytesPerDevice());
        return result.steps().stream().map(StepMetrics::loss).toList();
    }

    private static double mean(List<Double> losses) {
        return losses.subList(losses.size() - LAST, losses.size()).stream()
                .mapToDouble(Double::doubleValue)
                .average()
                .orElseThrow();
    }

    @Test
    void bfloat16EndsWhereFloat32Does() throws Exception {
        try (Stream<Path> sources = Files.walk(Path.of("src", "main", "java"))) {
            Files.writeString(
                    folder.resolve("text"),
                    sources.filter(path -> path.toString().endsWith(".java"))
                            .sorted()
                            .map(SampleRunPrecisionTest::read)
                            .collect(Collectors.joining("\n")));
        }
        List<Double> wide = losses(PrecisionPolicy.float32());
        for (DType reduce : List.of(DType.FLOAT32, DType.BFLOAT16)) {
            List<Double> low = losses(PrecisionPolicy.bfloat16().withReduce(reduce));
            assertThat(relative(low.get(STEPS - 1), wide.get(STEPS - 1))).isLessThan(TOLERANCE);
            assertThat(relative(mean(low), mean(wide))).isLessThan(TOLERANCE);
        }
    }

    private static String read(Path path) {
        try {
            return Files.readString(path);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static double relative(double actual, double expected) {
        return Math.abs(actual - expected) / expected;
    }
}
