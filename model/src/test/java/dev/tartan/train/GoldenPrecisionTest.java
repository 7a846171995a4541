package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The golden networks in bfloat16 and float16, with float32 masters, beside PyTorch in float64. */
class GoldenPrecisionTest {
    /** What the issue asks for, of every step. */
    private static final double TOLERANCE = 0.01;

    private static final String BFLOAT16 = "precision { parameters=bfloat16, compute=bfloat16, reduce=%s }";
    private static final String FLOAT16 = "precision { parameters=float16, compute=float16, reduce=%s }";

    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0} on {1}x{2}, reduced in {3}, zero {4}")
    @CsvSource({
        "gpt, 1, 1, float32, 0",
        "gpt, 2, 2, bfloat16, 0",
        "gpt, 2, 1, bfloat16, 2",
        "llama, 1, 2, float32, 0",
        "llama, 2, 2, bfloat16, 3",
        "mlp, 2, 2, bfloat16, 1"
    })
    void bfloat16FollowsPyTorch(String kind, int data, int model, String reduce, int zero) throws Exception {
        new GoldenTraining(kind, folder)
                .assertLossesFollowPyTorch(TOLERANCE, data, model, BFLOAT16.formatted(reduce), "strategy.zero=" + zero);
    }

    @ParameterizedTest(name = "{0} on {1}x{2}, reduced in {3}, zero {4}")
    @CsvSource({
        "gpt, 1, 1, float32, 0",
        "gpt, 2, 1, float16, 3",
        "gpt, 2, 2, float16, 2",
        "llama, 1, 1, float32, 0",
        "llama, 2, 1, float16, 0",
        "llama, 2, 2, float32, 1",
        "mlp, 1, 1, float32, 0",
        "mlp, 2, 1, float32, 0",
        "mlp, 2, 1, float16, 3"
    })
    void float16FollowsPyTorch(String kind, int data, int model, String reduce, int zero) throws Exception {
        TrainingResult result = new GoldenTraining(kind, folder)
                .assertLossesFollowPyTorch(TOLERANCE, data, model, FLOAT16.formatted(reduce), "strategy.zero=" + zero);
        assertThat(result.summary().skippedSteps()).isZero();
        assertThat(result.steps()).allMatch(step -> step.reports().get("lossScale") == 65536);
    }

    static Stream<Arguments> others() {
        return Stream.of("gpt", "llama", "mlp")
                .flatMap(kind -> Stream.of("2, 1", "4, 1", "2, 2")
                        .flatMap(mesh -> Stream.of(0, 1, 2, 3)
                                .flatMap(zero -> Stream.of("float32", "bfloat16")
                                        .map(reduce -> Arguments.of(
                                                kind,
                                                Integer.parseInt(mesh.substring(0, 1)),
                                                Integer.parseInt(mesh.substring(3)),
                                                reduce,
                                                zero)))));
    }

    @Tag("large")
    @ParameterizedTest(name = "{0} on {1}x{2}, reduced in {3}, zero {4}")
    @MethodSource("others")
    void everyStageOfZeroFollowsPyTorch(String kind, int data, int model, String reduce, int zero) throws Exception {
        int microBatches = data == 4 && !kind.equals("mlp") ? 2 : 4;
        new GoldenTraining(kind, folder)
                .assertLossesFollowPyTorch(
                        TOLERANCE,
                        data,
                        model,
                        BFLOAT16.formatted(reduce),
                        "strategy.zero=" + zero,
                        zero % 2 == 0 ? "" : "strategy.recompute=block, train.microBatches=" + microBatches);
    }

    @Test
    void theSameRunTwiceIsBitwiseEqual() throws Exception {
        List<Double> first = losses("first");
        assertThat(losses("second")).isEqualTo(first);
    }

    private List<Double> losses(String name) throws Exception {
        return new GoldenTraining("gpt", folder.resolve(name))
                        .assertLossesFollowPyTorch(TOLERANCE, 2, 2, BFLOAT16.formatted("bfloat16"), "strategy.zero=2")
                        .steps()
                        .stream()
                        .map(step -> step.loss())
                        .toList();
    }
}
