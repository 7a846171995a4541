package dev.tartan.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.op.AddN;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.plan.MemoryPlan;
import dev.tartan.plan.PlanMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OffloadStatesTest {
    private static final Mesh MESH = Mesh.of(Device.cpus(1), Shape.shape(1), "data");
    private static final TensorType TYPE = new TensorType(DType.FLOAT32, Shape.shape(16));
    private static final Map<String, String> STATES = Map.of("m.new", "m", "v.new", "v");

    private final List<ProgramValue> values = new ArrayList<>();
    private final List<Instruction> instructions = new ArrayList<>();
    private final int x = value();
    private final int m = value();
    private final int v = value();

    @Test
    void stateComesToTheDeviceBeforeItIsReadAndLeavesWhenItIsNew() {
        int first = emit(new AddN(), x, x);
        int newM = emit(new AddN(), m, first);
        int newV = emit(new AddN(), v, newM);
        int y = emit(new AddN(), m, newV);
        Program program = OffloadStates.run(program(y, newM, newV), STATES);
        assertThat(program.instructions().stream()
                        .map(each -> each.op().name() + each.operands() + "->" + each.results())
                        .toList())
                .containsExactly(
                        "add_n[0, 0]->[3]",
                        "copy_to_device[1]->[7]",
                        "add_n[7, 3]->[4]",
                        "copy_to_host[4]->[8]",
                        "copy_to_device[2]->[9]",
                        "add_n[9, 4]->[5]",
                        "copy_to_host[5]->[10]",
                        "add_n[7, 5]->[6]");
        assertThat(program.toString())
                .contains("input %1:f32[16]@host m of")
                .contains("%8:f32[16]@host = copy_to_host (%4)")
                .contains("output m.new = %8")
                .contains("output y = %6");
        MemoryPlan plan = PlanMemory.run(program, STATES, DeviceTraits.PLAIN);
        assertThat(plan.hostBytes()).isEqualTo(2 * TYPE.bytes());
        assertThat(plan.copies()).isEmpty();
        // New values take the places of the old ones.
        assertThat(plan.slots().get(8)).isEqualTo(plan.slots().get(m));
        assertThat(plan.slots().get(10)).isEqualTo(plan.slots().get(v));
    }

    @Test
    void aStateThatStaysAsItIsIsNeverCopied() {
        int y = emit(new AddN(), x, x);
        Program program = OffloadStates.run(program(y, m, v), STATES);
        assertThat(program.instructions()).isEqualTo(instructions);
        assertThat(program.output("m.new").value()).isEqualTo(m);
        assertThat(PlanMemory.run(program, STATES, DeviceTraits.PLAIN).hostBytes())
                .isEqualTo(2 * TYPE.bytes());
    }

    @Test
    void withoutStatesNothingChanges() {
        Program program = program(emit(new AddN(), x, m), m, v);
        assertThat(OffloadStates.run(program, Map.of())).isSameAs(program);
    }

    private Program program(int y, int newM, int newV) {
        return new Program(
                "test",
                MESH,
                values,
                instructions,
                List.of(port("x", x), port("m", m), port("v", v)),
                List.of(port("y", y), port("m.new", newM), port("v.new", newV)),
                List.of());
    }

    private static ProgramPort port(String name, int value) {
        return new ProgramPort(name, value, TYPE, PartitionSpec.replicated(1));
    }

    private int value() {
        values.add(new ProgramValue(values.size(), TYPE, "", List.of()));
        return values.size() - 1;
    }

    private int emit(Op op, Integer... operands) {
        int result = value();
        instructions.add(TestInstructions.of(op, List.of(operands), result));
        return result;
    }
}
