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

/** Sharded over groups of two of four data ranks, the golden networks train as PyTorch says, at the same tolerances. */
@Tag("slow")
class GoldenHybridTest {
    private static final int DATA = 4;

    @TempDir
    Path folder;

    static Stream<Arguments> ways() {
        List<Arguments> ways = new ArrayList<>();
        for (String kind : List.of("gpt", "llama", "mlp")) {
            for (int model = 1; model <= 2; model++) {
                for (int zero = 1; zero <= 3; zero++) {
                    ways.add(Arguments.of(kind, model, zero, saver(kind, model, zero)));
                }
            }
        }
        return ways.stream();
    }

    /** Each with each stage. */
    private static String saver(String kind, int model, int zero) {
        boolean language = !kind.equals("mlp");
        return switch ((kind.length() + model + zero) % 3) {
            case 0 -> "strategy.overlap=false";
            case 1 ->
                "strategy.recompute=selective, strategy.bucketBytes=20000, strategy.sequenceParallel="
                        + (language && model > 1);
            default -> "strategy.recompute=block, train.microBatches=2";
        };
    }

    @ParameterizedTest(name = "{0} on 4x{1}, zero {2} {3}")
    @MethodSource("ways")
    void groupsOfShardsFollowPyTorch(String kind, int model, int zero, String saver) throws Exception {
        new GoldenTraining(kind, folder)
                .assertFollowsPyTorch(DATA, model, "strategy.zero=" + zero, "strategy.shard=2", saver);
    }
}
