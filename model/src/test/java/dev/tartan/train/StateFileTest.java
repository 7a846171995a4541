package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.metrics.StepMetrics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** All states in a file at a run's end, and another run that begins with them. */
class StateFileTest {
    private final Nd4jBackend backend = new Nd4jBackend(1);

    @TempDir
    Path folder;

    @BeforeEach
    void writeTokens() {
        SmallRun.tokens(folder);
    }

    private TrainingJob job(int data, int model, int zero, int steps) {
        RunConfig config = SmallRun.config(
                folder,
                "unused",
                data,
                model,
                "strategy.zero=" + zero,
                "optimizer={kind=adamw, learningRate=0.01}",
                "network.dropout=0.1");
        return TrainingJob.of(config).output(null).steps(steps);
    }

    private List<Double> train(TrainingJob job) throws InterruptedException {
        TrainingResult result = MeshTrainer.run(job.compile(backend), job.network(), backend, step -> {});
        return result.steps().stream().map(StepMetrics::loss).toList();
    }

    private static Map<String, List<Float>> tensors(Path path) {
        Map<String, List<Float>> all = new LinkedHashMap<>();
        try (SafetensorsReader file = SafetensorsReader.open(path)) {
            file.tensors().keySet().forEach(name -> {
                List<Float> values = new ArrayList<>();
                for (float value : file.readFloats(name)) {
                    values.add(value);
                }
                all.put(name, values);
            });
        }
        return all;
    }

    /** With momentum, step counts and dropout, each of which must go on where it was. */
    @ParameterizedTest
    @CsvSource({"1,1,0", "2,1,1", "2,1,3", "1,2,0"})
    void twoRunsOfTwoStepsAreOneOfFour(int data, int model, int zero) throws InterruptedException {
        Path whole = folder.resolve("whole.safetensors");
        Path half = folder.resolve("half.safetensors");
        Path end = folder.resolve("end.safetensors");
        List<Double> expected = train(job(data, model, zero, 4).finalState(whole));
        List<Double> losses = new ArrayList<>(train(job(data, model, zero, 2).finalState(half)));
        InitialState state = new InitialState(half, 2, 0);
        losses.addAll(train(job(data, model, zero, 2).initialState(state).finalState(end)));
        assertThat(losses).isEqualTo(expected).doesNotHaveDuplicates();
        assertThat(tensors(end)).isEqualTo(tensors(whole)).isNotEqualTo(tensors(half));
    }

    /** Padding under ZeRO is not in the file. */
    @Test
    void stateOfOneMeshIsTheFirstOfAnother() throws InterruptedException {
        Path half = folder.resolve("half.safetensors");
        Path same = folder.resolve("same.safetensors");
        train(job(4, 1, 1, 2).finalState(half));
        TrainingJob goesOn = job(1, 1, 0, 2).initialState(new InitialState(half, 2, 0));
        List<Double> one = train(goesOn.finalState(same));
        List<Double> four = train(job(4, 1, 3, 2).initialState(new InitialState(half, 2, 0)));
        for (int step = 0; step < 2; step++) {
            assertThat(four.get(step)).isCloseTo(one.get(step), org.assertj.core.data.Offset.offset(1e-5));
        }
        assertThat(tensors(half).keySet())
                .contains("wte.weight", "wte.weight.m", "wte.weight.v")
                .isEqualTo(tensors(same).keySet());
    }

    @Test
    void stateOfAnotherOptimizerIsRefused() throws InterruptedException {
        Path file = folder.resolve("adamw.safetensors");
        train(job(1, 1, 0, 1).finalState(file));
        TrainingJob other = job(1, 1, 0, 1)
                .optimizer(dev.tartan.optimizer.SgdOptimizer.of(0.1))
                .initialState(new InitialState(file, 1, 0));
        assertThatThrownBy(() -> MeshTrainer.checkFiles(other.compile(backend), other.network()))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageStartingWith("initial state is not of the run's network and optimizer: path=" + file + ", '")
                .hasMessageContaining("' is no state of the run; ")
                .hasMessageEndingWith(" more. Give what TrainingJob.finalState of such a run has left.");
    }

    @Test
    void negativeCountsAreRefused() {
        assertThatThrownBy(() -> new InitialState(folder, -1, 2))
                .hasMessage("initial state has a negative count: steps=-1, epochs=2. Give how much was trained before,"
                        + " 0 for nothing.");
    }
}
