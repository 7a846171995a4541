package dev.tartan.train;

import java.nio.file.Path;
import java.util.ArrayList;
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
    private static final List<String> KINDS = List.of("gpt", "llama", "mlp");
    private static final int[][] MESHES = {{2, 1}, {4, 1}, {2, 2}};

    @TempDir
    Path folder;

    /** Of each network on each mesh in each stage one way to save memory, with each way all three of them. */
    static Stream<Arguments> sampledStrategies() {
        return strategies(true);
    }

    static Stream<Arguments> otherStrategies() {
        return strategies(false);
    }

    private static Stream<Arguments> strategies(boolean sampled) {
        List<Arguments> strategies = new ArrayList<>();
        for (String kind : KINDS) {
            for (int mesh = 0; mesh < MESHES.length; mesh++) {
                for (int zero = 0; zero < 4; zero++) {
                    List<String> savers = savers(kind, MESHES[mesh][0], MESHES[mesh][1]);
                    for (int saver = 0; saver < savers.size(); saver++) {
                        if (((KINDS.indexOf(kind) + mesh + zero + saver) % 3 == 0) == sampled) {
                            strategies.add(
                                    Arguments.of(kind, MESHES[mesh][0], MESHES[mesh][1], zero, savers.get(saver)));
                        }
                    }
                }
            }
        }
        return strategies.stream();
    }

    private static List<String> savers(String kind, int data, int model) {
        // The golden batch of 8 gives two micro-batches to each of four.
        int microBatches = data == 4 && !kind.equals("mlp") ? 2 : 4;
        boolean splits = model > 1 && !kind.equals("mlp");
        return List.of(
                "",
                "strategy.recompute=selective, strategy.bucketBytes=20000, strategy.sequenceParallel=" + splits,
                "strategy.recompute=block, train.microBatches=" + microBatches);
    }

    @ParameterizedTest(name = "{0} on {1}x{2}, zero {3} {4}")
    @MethodSource("sampledStrategies")
    void strategiesFollowPyTorch(String kind, int data, int model, int zero, String saver) throws Exception {
        new GoldenTraining(kind, folder).assertFollowsPyTorch(data, model, "strategy.zero=" + zero, saver);
    }

    @Tag("large")
    @ParameterizedTest(name = "{0} on {1}x{2}, zero {3} {4}")
    @MethodSource("otherStrategies")
    void everyOtherStrategyFollowsPyTorch(String kind, int data, int model, int zero, String saver) throws Exception {
        new GoldenTraining(kind, folder).assertFollowsPyTorch(data, model, "strategy.zero=" + zero, saver);
    }
}
