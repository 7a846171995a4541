package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.network.GptConfig;
import dev.tartan.network.LlamaConfig;
import dev.tartan.network.MlpConfig;
import dev.tartan.network.NetworkFactory;
import dev.tartan.op.Activation;
import dev.tartan.optimizer.AdamWOptimizer;
import dev.tartan.optimizer.Schedule;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.data.BatchFileSamples;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The same run, described by a config and built in code. */
class CodeAndConfigTest {
    @TempDir
    Path folder;

    static Stream<Arguments> networks() {
        return Stream.of(
                Arguments.of(
                        "kind=gpt, vocab=250, context=8, hidden=32, layers=2, heads=4", GptConfig.of(250, 8, 32, 2, 4)),
                Arguments.of(
                        "kind=llama, vocab=250, context=8, hidden=32, layers=2, heads=4, kvHeads=2",
                        new LlamaConfig(250, 8, 32, 2, 4, 2, 0, 10000, 1e-5, false, 0)),
                Arguments.of(
                        "kind=mlp, inputs=6, hidden=[8, 8], outputs=3, activation=gelu",
                        new MlpConfig(6, List.of(8, 8), 3, Activation.GELU)));
    }

    @ParameterizedTest
    @MethodSource("networks")
    void compileToTheSameProgram(String network, NetworkFactory factory) {
        String[] keys = {
            "mesh={data=2, model=2}",
            "network={" + network + "}",
            "data={kind=batches, path=none}",
            "train={steps=7, globalBatch=8, microBatches=2, seed=3}",
            "optimizer={kind=adamw, learningRate=1e-2, schedule={kind=cosine, warmupSteps=2}}",
            "strategy.zero=2"
        };
        TrainingPlan config =
                TrainingJob.of(RunConfigLoader.load(null, List.of(keys))).compile(new Nd4jBackend(1));
        TrainingJob job = TrainingJob.of(factory);
        TrainingPlan code = job.mesh(2, 2)
                .optimizer(new AdamWOptimizer(1e-2, 0.9, 0.95, 1e-8, 0.1, Schedule.of(Schedule.Kind.COSINE, 2)))
                .steps(7)
                .globalBatch(8)
                .microBatches(2)
                .seed(3)
                .strategy(job.strategy().withZero(2))
                .compile(new Nd4jBackend(1));
        assertThat(code.step().program().toString())
                .isEqualTo(config.step().program().toString());
        assertThat(code.step().memory()).isEqualTo(config.step().memory());
        assertThat(code.states()).isEqualTo(config.states());
    }

    @Test
    void trainToTheSameBits() throws Exception {
        Path tokens = SmallRun.tokens(folder);
        SmallRun.Outcome config = SmallRun.train(folder, "config", 2, 1);
        TrainingJob job = TrainingJob.of(SmallRun.NETWORK)
                .mesh(2, 1)
                .steps(SmallRun.STEPS)
                .globalBatch(8)
                .seed(5)
                .samples(new BatchFileSamples(tokens));
        Nd4jBackend backend = new Nd4jBackend(1);
        TrainingResult code = MeshTrainer.run(job.compile(backend), job.network(), backend, step -> {});
        assertThat(code.steps().stream().map(step -> step.loss()).toList()).isEqualTo(config.losses());
    }
}
