package dev.tartan.train;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** However memory is saved, the golden networks train as PyTorch says, at the same tolerances. */
@Tag("slow")
class GoldenStrategyTest {
    private static final int[][] MESHES = {{2, 1}, {4, 1}, {2, 2}};

    @TempDir
    Path folder;

    static Stream<Arguments> strategies() {
        return Stream.of("gpt", "llama", "mlp")
                .flatMap(kind -> Stream.of(MESHES)
                        .flatMap(mesh -> Stream.of(0, 1, 2, 3)
                                .flatMap(zero -> savers(kind, mesh[0]).stream()
                                        .map(saver -> Arguments.of(kind, mesh[0], mesh[1], zero, saver)))));
    }

    private static List<String> savers(String kind, int data) {
        // The golden batch of 8 gives two micro-batches to each of four.
        String microBatches = "train.microBatches=" + (data == 4 && !kind.equals("mlp") ? 2 : 4);
        return List.of("strategy.bucketBytes=20000", microBatches);
    }

    @ParameterizedTest(name = "{0} on {1}x{2}, zero {3} {4}")
    @MethodSource("strategies")
    void everyStrategyFollowsPyTorch(String kind, int data, int model, int zero, String saver) throws Exception {
        new GoldenTraining(kind, folder).assertFollowsPyTorch(data, model, "strategy.zero=" + zero, saver);
    }
}
