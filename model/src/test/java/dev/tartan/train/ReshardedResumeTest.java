package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.network.LlamaConfig;
import dev.tartan.network.NetworkFactory;
import dev.tartan.train.config.CheckpointConfig;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.data.TextSamples;
import dev.tartan.train.metrics.StepMetrics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Checkpoints written by each of 20 meshes and stages and 4 hybrids, gone on from on each of them, of a Llama whose
 * vocabulary of 257 and 3 heads of keys and values no mesh divides. Processes make no difference: each rank has a file
 * of its own.
 */
class ReshardedResumeTest {
    private static final int SAVED = 3;
    private static final int STEPS = SAVED + 5;
    private static final Nd4jBackend BACKEND = new Nd4jBackend(1);
    private static final NetworkFactory NETWORK = new LlamaConfig(257, 16, 48, 2, 6, 3, 80, 10_000, 1e-5, false, 0);

    @TempDir
    static Path folder;

    private static final Map<Way, Path> CHECKPOINTS = new HashMap<>();
    private static final Map<Way, List<Double>> LOSSES = new HashMap<>();

    /** A mesh, a stage of ZeRO and over how many ranks; 0 for all along data. */
    record Way(int data, int model, int zero, int shard) {
        @Override
        public String toString() {
            return data + "x" + model + " zero " + zero + (shard == 0 ? "" : " shard " + shard);
        }
    }

    private static List<Way> ways() {
        List<Way> ways = new ArrayList<>();
        for (int[] mesh : new int[][] {{1, 1}, {2, 1}, {1, 2}, {2, 2}, {4, 1}}) {
            for (int zero = 0; zero <= StrategyConfig.MAX_ZERO; zero++) {
                ways.add(new Way(mesh[0], mesh[1], zero, 0));
            }
        }
        for (int zero = 1; zero <= StrategyConfig.MAX_ZERO; zero++) {
            ways.add(new Way(4, 1, zero, 2));
        }
        ways.add(new Way(4, 2, StrategyConfig.MAX_ZERO, 2));
        return ways;
    }

    @BeforeAll
    static void saveAll() throws Exception {
        Files.writeString(folder.resolve("text.txt"), "All work and no play makes Jack a dull boy.\n".repeat(20));
        for (Way way : ways()) {
            Path output = folder.resolve(way.toString());
            LOSSES.put(way, run(job(way).output(output).checkpoint(new CheckpointConfig(null, SAVED, 0, 0, true))));
            List<ShardedCheckpoint> all = new CheckpointFolder(output.resolve("checkpoints")).list(problem -> {
                throw new AssertionError(problem);
            });
            CHECKPOINTS.put(way, all.get(all.size() - 1).folder());
        }
    }

    private static TrainingJob job(Way way) {
        return TrainingJob.of(NETWORK)
                .mesh(way.data(), way.model())
                .strategy(StrategyConfig.defaults().withZero(way.zero()).withShard(way.shard()))
                .globalBatch(8)
                .steps(STEPS)
                .seed(3)
                .samples(new TextSamples(folder.resolve("text.txt")));
    }

    private static List<Double> run(TrainingJob job) throws InterruptedException {
        return MeshTrainer.run(job.compile(BACKEND), NETWORK, BACKEND, step -> {}).steps().stream()
                .map(StepMetrics::loss)
                .toList();
    }

    static Stream<List<Way>> someOfAll() {
        return pairs().filter(pair -> isSampled(pair));
    }

    static Stream<List<Way>> theOthers() {
        return pairs().filter(pair -> !isSampled(pair));
    }

    private static Stream<List<Way>> pairs() {
        return ways().stream().flatMap(from -> ways().stream().map(to -> List.of(from, to)));
    }

    /** Each way onto itself, and onto one of another mesh and stage. */
    private static boolean isSampled(List<Way> pair) {
        List<Way> ways = ways();
        int distance = Math.floorMod(ways.indexOf(pair.get(1)) - ways.indexOf(pair.get(0)), ways.size());
        return distance == 0 || distance == 7;
    }

    @ParameterizedTest
    @MethodSource("someOfAll")
    void theRunGoesOnOnAnotherMesh(List<Way> pair) throws Exception {
        goOn(pair.get(0), pair.get(1));
    }

    @Tag("large")
    @ParameterizedTest
    @MethodSource("theOthers")
    void theRunGoesOnOnAnyMesh(List<Way> pair) throws Exception {
        goOn(pair.get(0), pair.get(1));
    }

    private static void goOn(Way from, Way to) throws Exception {
        List<Double> rest = run(job(to).resume(CHECKPOINTS.get(from)));
        List<Double> undisturbed = LOSSES.get(from).subList(SAVED, STEPS);
        if (from.equals(to)) {
            assertThat(rest).isEqualTo(undisturbed);
            return;
        }
        for (int i = 0; i < rest.size(); i++) {
            double expected = undisturbed.get(i);
            assertThat(rest.get(i))
                    .as("%s to %s, step %d", from, to, SAVED + i)
                    .isCloseTo(expected, Offset.offset(expected * 1e-5));
        }
    }
}
