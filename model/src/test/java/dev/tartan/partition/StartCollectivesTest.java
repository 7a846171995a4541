package dev.tartan.partition;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.op.AddN;
import dev.tartan.op.Reshape;
import dev.tartan.op.Unary;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StartCollectivesTest {
    private static final Mesh MESH = TestMeshes.dataModel(2, 1);
    private static final TensorType TYPE = new TensorType(DType.FLOAT32, shape(8));
    private static final List<String> DATA = List.of("data");
    private static final List<String> NONE = List.of();
    private static final Op NEG = new Unary(Unary.Kind.NEG);
    private static final Op EXP = new Unary(Unary.Kind.EXP);
    private static final Op REDUCE = new AllReduce(DATA, 2, Reduction.SUM);

    private final List<ProgramValue> values = new ArrayList<>();
    private final List<Instruction> instructions = new ArrayList<>();
    private final int x = value(TYPE, NONE);

    @Test
    void resultsAreAwaitedBeforeTheirFirstReader() {
        int first = emit(REDUCE, TYPE, NONE, emit(NEG, TYPE, DATA, x));
        int second = emit(REDUCE, TYPE, NONE, emit(NEG, TYPE, DATA, x));
        int other = emit(EXP, TYPE, NONE, x);
        int sum = emit(new AddN(), TYPE, NONE, other, second, first);
        assertThat(instructionsOf(StartCollectives.run(program(sum), one -> true)))
                .containsExactly(
                        "%1:f32[8]+{data} = neg (%0)",
                        "%2:f32[8] = all_reduce over data (%1) started",
                        "%3:f32[8]+{data} = neg (%0)",
                        "%4:f32[8] = all_reduce over data (%3) started",
                        "%5:f32[8] = exp (%0)",
                        "await (%2, %4)",
                        "%6:f32[8] = add_n (%5, %4, %2)");
    }

    @Test
    void reshapeOfAResultIsAwaitedWhereItIsRead() {
        TensorType flat = TYPE.withShape(shape(2, 4));
        int sum = emit(REDUCE, TYPE, NONE, emit(NEG, TYPE, DATA, x));
        int reshaped = emit(new Reshape(shape(2, 4)), flat, NONE, sum);
        emit(EXP, TYPE, NONE, x);
        int back = emit(new Reshape(shape(8)), TYPE, NONE, reshaped);
        int result = emit(EXP, TYPE, NONE, back);
        assertThat(instructionsOf(StartCollectives.run(program(result), one -> true)))
                .containsExactly(
                        "%1:f32[8]+{data} = neg (%0)",
                        "%2:f32[8] = all_reduce over data (%1) started",
                        "%3:f32[2, 4] = reshape [2, 4] (%2)",
                        "%4:f32[8] = exp (%0)",
                        "%5:f32[8] = reshape [8] (%3)",
                        "await (%2)",
                        "%6:f32[8] = exp (%5)");
    }

    /** Operands of 32 bytes each, of which two fit. */
    @Test
    void theOldestScatterIsAwaitedWhenOperandsUnderWayWouldBeTooMany() {
        TensorType stacked = TYPE.withShape(shape(2, 4));
        TensorType shard = TYPE.withShape(shape(4));
        List<Integer> shards = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int sum = emit(NEG, TYPE, DATA, x);
            int split = emit(new Reshape(shape(2, 4)), stacked, DATA, sum);
            shards.add(emit(new ReduceScatter(DATA, 2), shard, NONE, split));
        }
        emit(new AddN(), shard, NONE, shards.get(0), shards.get(1), shards.get(2));
        int other = emit(EXP, TYPE, NONE, x);
        assertThat(instructionsOf(StartCollectives.run(program(other), one -> true, 2 * TYPE.bytes())))
                .filteredOn(text -> text.contains("await") || text.contains("started"))
                .containsExactly(
                        "%3:f32[4] = reduce_scatter over data (%2) started",
                        "%6:f32[4] = reduce_scatter over data (%5) started",
                        "await (%3)",
                        "%9:f32[4] = reduce_scatter over data (%8) started",
                        "await (%6, %9)");
    }

    @Test
    void resultsThatAreOutputsAreAwaitedAtTheEnd() {
        int addend = emit(NEG, TYPE, DATA, x);
        int first = emit(REDUCE, TYPE, NONE, addend);
        int second = emit(REDUCE, TYPE, NONE, addend);
        emit(EXP, TYPE, NONE, x);
        assertThat(instructionsOf(StartCollectives.run(program(first, second), one -> true)))
                .endsWith("%4:f32[8] = exp (%0)", "await (%2, %3)");
    }

    @Test
    void othersStayAsTheyAre() {
        int first = emit(REDUCE, TYPE, NONE, emit(NEG, TYPE, DATA, x));
        int second = emit(REDUCE, TYPE, NONE, emit(NEG, TYPE, DATA, first));
        Program blocking = program(second);
        assertThat(StartCollectives.run(blocking, one -> false)).isEqualTo(blocking);
        Program one = StartCollectives.run(
                blocking, instruction -> instruction.results().contains(second));
        Program both = StartCollectives.run(one, instruction -> true);
        assertThat(instructionsOf(both))
                .containsExactly(
                        "%1:f32[8]+{data} = neg (%0)",
                        "%2:f32[8] = all_reduce over data (%1) started",
                        "await (%2)",
                        "%3:f32[8]+{data} = neg (%2)",
                        "%4:f32[8] = all_reduce over data (%3) started",
                        "await (%4)");
        assertThat(StartCollectives.run(both, instruction -> true)).isEqualTo(both);
    }

    @Test
    void onlyACollectiveCanBeStarted() {
        Instruction local = TestInstructions.of(NEG, List.of(x), 1);
        assertThatThrownBy(local::asStarted)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("only a collective can be started: op=neg. Let the op be waited for.");
    }

    private static List<String> instructionsOf(Program program) {
        return program.toString()
                .lines()
                .map(String::strip)
                .filter(line -> (line.contains(" = ") && !line.startsWith("output")) || line.startsWith("await"))
                .toList();
    }

    private Program program(int... outputs) {
        List<ProgramPort> ports = new ArrayList<>();
        for (int i = 0; i < outputs.length; i++) {
            ports.add(new ProgramPort("y" + i, outputs[i], TYPE, PartitionSpec.replicated(1)));
        }
        List<ProgramPort> inputs = List.of(new ProgramPort("x", x, TYPE, PartitionSpec.replicated(1)));
        return new Program("test", MESH, values, instructions, inputs, ports, List.of());
    }

    private int value(TensorType type, List<String> unreduced) {
        values.add(new ProgramValue(values.size(), type, "", unreduced));
        return values.size() - 1;
    }

    private int emit(Op op, TensorType type, List<String> unreduced, Integer... operands) {
        int result = value(type, unreduced);
        instructions.add(TestInstructions.of(op, List.of(operands), result));
        return result;
    }
}
