package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Mesh;
import dev.tartan.network.LanguageModel;
import dev.tartan.partition.PartitionGraph;
import dev.tartan.partition.Program;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.plan.PlanMemory;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.graph.LogitsGraph;
import dev.tartan.train.graph.StateBinding;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextSamplerTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"2, 1", "2, 2"})
    void oneModelGroupWritesWhatTheWholeMeshWrites(int data, int model) throws Exception {
        Path text =
                Files.writeString(folder.resolve("text.txt"), "to be or not to be, that is the question. ".repeat(9));
        RunConfig config = SmallRun.config(
                folder,
                "run",
                data,
                model,
                "network.vocab=256",
                "data={kind=text, path=\"" + text + "\"}",
                "train={steps=20, globalBatch=8}",
                "optimizer.learningRate=1e-2");
        Nd4jBackend backend = new Nd4jBackend(1);
        DeviceTraits scratch = backend;
        TrainingPlan plan = TrainingJob.of(config).compile(scratch);
        TrainingResult result = MeshTrainer.run(plan, config.network(), backend, step -> {});

        CompiledProgram logits = plan.logits();
        assertThat(logits).isNotNull();
        assertThat(logits.program().mesh().sizesByAxis()).isEqualTo(Map.of("data", 1, "model", model));
        LanguageModel network = (LanguageModel) config.network().create();
        CompiledProgram onWholeMesh = compile(network, plan.mesh(), scratch);
        assertThat(new TextSampler(plan, onWholeMesh, network, backend)
                        .sample(folder.resolve("run").resolve(MeshTrainer.FINAL_FILE)))
                .isEqualTo(result.sample())
                .hasSizeGreaterThanOrEqualTo(200);
    }

    private static CompiledProgram compile(LanguageModel network, Mesh mesh, DeviceTraits scratch) {
        LogitsGraph graph = LogitsGraph.trace(network, mesh, DType.FLOAT32);
        Program program = PartitionGraph.run(mesh, graph.graph(), graph.inputSpecs(), Map.of());
        return new CompiledProgram(
                program,
                PlanMemory.run(
                        program,
                        Map.of(),
                        graph.parameters().stream().map(StateBinding::name).collect(Collectors.toUnmodifiableSet()),
                        scratch));
    }
}
