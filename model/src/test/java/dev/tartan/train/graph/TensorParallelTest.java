package dev.tartan.train.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.mesh.Mesh;
import dev.tartan.partition.Collective;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.PartitionGraph;
import dev.tartan.partition.Program;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the declared layouts cost in communication, once compiled. */
class TensorParallelTest {
    private static Program compile(String network, Mesh mesh) {
        GoldenRun golden = new GoldenRun(network);
        TrainStepGraph step = TrainStepGraph.trace(
                golden.network(), golden.optimizer(), golden.clip(), StepOptions.of(mesh, golden.batchSize(), 1));
        return PartitionGraph.run(mesh, step.graph(), step.inputSpecs(), step.outputSpecs());
    }

    /**
     * Collectives over {@code axis} of values that ops in {@code scope} made. Not of those that run there: a pending
     * sum is reduced where it is first needed, so the embedding's is reduced inside the first block.
     */
    private static List<String> collectives(Program program, String axis, String scope) {
        Map<Integer, String> madeIn = new HashMap<>();
        List<String> found = new ArrayList<>();
        for (Instruction instruction : program.instructions()) {
            instruction
                    .results()
                    .forEach(result -> madeIn.put(result, instruction.origin().toString()));
            if (instruction.op() instanceof Collective collective
                    && collective.axes().contains(axis)) {
                String origin = madeIn.getOrDefault(instruction.operands().get(0), "");
                if ((origin + ".").startsWith(scope)) {
                    found.add(instruction.op().name());
                }
            }
        }
        return found;
    }

    @ParameterizedTest
    @CsvSource({"gpt, h., 1, 2", "gpt, h., 2, 2", "gpt, h., 1, 4", "llama, model.layers., 2, 2"})
    void everyBlockCostsTwoAllReducesInEachDirection(String network, String block, int data, int model) {
        Program program = compile(network, GoldenRun.mesh(data, model));
        for (int layer = 0; layer < 2; layer++) {
            String scope = block + layer + ".";
            assertThat(collectives(program, "model", scope))
                    .as("forward of block %s in%n%s", layer, program)
                    .containsExactly("all_reduce", "all_reduce");
            assertThat(collectives(program, "model", "~" + scope))
                    .as("backward of block %s in%n%s", layer, program)
                    .containsExactly("all_reduce", "all_reduce");
        }
    }

    @Test
    void nothingLargeIsGatheredForGpt() {
        Program program = compile("gpt", GoldenRun.mesh(2, 2));
        assertThat(collectives(program, "model", ""))
                .allMatch(name -> name.equals("all_reduce") || name.equals("all_reduce_max"));
        assertThat(program.notes()).isEmpty();
    }

    @Test
    void keysAndValuesOfFewerHeadsThanRanksAreGatheredInBackwardOnly() {
        Program program = compile("llama", GoldenRun.mesh(1, 4));
        assertThat(collectives(program, "model", "model.layers.0.")).containsExactly("all_reduce", "all_reduce");
        assertThat(collectives(program, "model", "~model.layers.0."))
                .containsExactlyInAnyOrder("all_reduce", "all_reduce", "all_gather", "all_gather");
    }
}
