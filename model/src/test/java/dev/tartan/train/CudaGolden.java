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

/** A golden network, trained by a backend for GPUs and by the CPU's. */
record CudaGolden(Path folder, String kind, int data, int model, String more) {
    /** The first without graphs, the second captures them, the third launches them again. */
    private static final int STEPS = 3;

    /** A run that went as expected. */
    record Run(TrainingPlan plan, TrainingResult result) {}

    Run assertTrainsAsOnTheCpu(Backend backend) throws Exception {
        return assertTrainsAsOnTheCpu(backend, backend);
    }

    /** As above, planned for other traits. */
    Run assertTrainsAsOnTheCpu(Backend backend, DeviceTraits traits) throws Exception {
        Backend cpu = new Nd4jBackend(1);
        Run expected = run(cpu, cpu, "cpu");
        Run actual = run(backend, traits, "cuda");
        assertThat(actual.result.steps()).hasSize(STEPS);
        for (int step = 0; step < STEPS; step++) {
            assertThat(actual.result.steps().get(step).loss())
                    .isCloseTo(expected.result.steps().get(step).loss(), within(1e-5));
        }
        return actual;
    }

    private Run run(Backend backend, DeviceTraits traits, String name) throws Exception {
        Path output = Files.createDirectory(folder.resolve(name));
        String golden = GoldenConfig.of(
                kind,
                new ObjectMapper().readTree(Files.readAllBytes(GoldenConfig.resource(kind + ".json"))),
                data,
                model,
                output);
        RunConfig config = RunConfigLoader.parse(golden + more + "\ntrain.steps=" + STEPS);
        TrainingPlan plan = TrainingJob.of(config).compile(traits);
        return new Run(plan, MeshTrainer.run(plan, config.network(), backend, step -> {}));
    }
}
