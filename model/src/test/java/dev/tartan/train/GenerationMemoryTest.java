package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.op.Reshape;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.ProgramPort;
import dev.tartan.plan.BufferSlot;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.config.RunConfigLoader;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerationMemoryTest {
    @ParameterizedTest
    @CsvSource({"1, 1", "2, 2"})
    void generatingTextNeverOverwritesParameters(int data, int model) {
        TrainingPlan plan = TrainingJob.of(RunConfigLoader.load(
                        null,
                        List.of(
                                "mesh.data=" + data,
                                "mesh.model=" + model,
                                "network={kind=llama, vocab=256, context=8, hidden=32, layers=2, heads=4}",
                                "data={kind=text, path=some/where}",
                                "train={steps=1, globalBatch=8}")))
                .compile(DeviceTraits.PLAIN);
        CompiledProgram logits = plan.logits();
        assertThat(logits).isNotNull();
        List<BufferSlot> parameters = logits.program().inputs().stream()
                .filter(input -> !input.name().equals("tokens"))
                .map(ProgramPort::value)
                .map(logits.memory().slots()::get)
                .toList();
        assertThat(parameters).hasSize(plan.parameters().size());
        for (Instruction instruction : logits.program().instructions()) {
            if (instruction.op() instanceof Reshape) {
                continue;
            }
            for (int result : instruction.results()) {
                BufferSlot slot = logits.memory().slots().get(result);
                assertThat(parameters)
                        .as(instruction.op().name())
                        .noneMatch(
                                kept -> kept.offsetBytes() < slot.endBytes() && slot.offsetBytes() < kept.endBytes());
            }
        }
    }
}
