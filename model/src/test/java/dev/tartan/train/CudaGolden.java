package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.backend.Backend;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.DoubleUnaryOperator;

/** A golden network, trained by a backend for GPUs and by the CPU's. */
record CudaGolden(Path folder, String kind, int data, int model, String more) {
    /** The first without graphs, the second captures them, the third launches them again. */
    private static final int STEPS = 3;

    /** A run that went as expected. */
    record Run(TrainingPlan plan, TrainingResult result) {}

    Run assertTrainsAsOnTheCpu(Backend backend) throws Exception {
        return assertFollowsTheCpu(backend, backend, more, loss -> 1e-5);
    }

    /** As above, planned for other traits. */
    Run assertTrainsAsOnTheCpu(Backend backend, DeviceTraits traits) throws Exception {
        return assertFollowsTheCpu(backend, traits, more, loss -> 1e-5);
    }

    /**
     * Trains, and compares with the same network on the CPU.
     *
     * @param traits planned for
     * @param moreOnTheCpu lines of config there
     * @param tolerance of a loss, by what it is there
     */
    Run assertFollowsTheCpu(Backend backend, DeviceTraits traits, String moreOnTheCpu, DoubleUnaryOperator tolerance)
            throws Exception {
        Backend cpu = new Nd4jBackend(1);
        Run expected = run(cpu, cpu, "cpu", moreOnTheCpu);
        Run actual = run(backend, traits, "cuda", more);
        assertThat(actual.result.steps()).hasSize(STEPS);
        for (int step = 0; step < STEPS; step++) {
            double loss = expected.result.steps().get(step).loss();
            assertThat(actual.result.steps().get(step).loss()).isCloseTo(loss, within(tolerance.applyAsDouble(loss)));
        }
        return actual;
    }

    private Run run(Backend backend, DeviceTraits traits, String name, String lines) throws Exception {
        Path output = Files.createDirectory(folder.resolve(name));
        String golden = GoldenConfig.of(
                kind,
                new ObjectMapper().readTree(Files.readAllBytes(GoldenConfig.resource(kind + ".json"))),
                data,
                model,
                output);
        RunConfig config = RunConfigLoader.parse(golden + lines + "\ntrain.steps=" + STEPS);
        TrainingPlan plan = TrainingJob.of(config).compile(traits);
        return new Run(plan, MeshTrainer.run(plan, config.network(), backend, step -> {}));
    }
}
