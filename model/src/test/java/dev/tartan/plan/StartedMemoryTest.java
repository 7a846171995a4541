package dev.tartan.plan;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.op.AddN;
import dev.tartan.op.Unary;
import dev.tartan.partition.AllReduce;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.Program;
import dev.tartan.partition.ProgramPort;
import dev.tartan.partition.ProgramValue;
import dev.tartan.partition.ProgramVerifier;
import dev.tartan.partition.RandomProgram;
import dev.tartan.partition.ReduceScatter;
import dev.tartan.partition.StartCollectives;
import dev.tartan.partition.TestInstructions;
import dev.tartan.partition.TestMeshes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** What memory a started collective has until it is awaited, in units of a value's bytes. */
class StartedMemoryTest {
    private static final Mesh MESH = TestMeshes.dataModel(2, 1);
    private static final TensorType TYPE = new TensorType(DType.FLOAT32, shape(2, 32));
    private static final TensorType HALF = TYPE.withShape(shape(32));
    private static final long UNIT = TYPE.bytes();
    private static final List<String> DATA = List.of("data");
    private static final List<String> NONE = List.of();
    private static final Op NEG = new Unary(Unary.Kind.NEG);
    private static final Op REDUCE = new AllReduce(DATA, 2, Reduction.SUM);
    private static final Op SCATTER = new ReduceScatter(DATA, 2);

    private final List<ProgramValue> values = new ArrayList<>();
    private final List<Instruction> instructions = new ArrayList<>();
    private final int x = value(TYPE, NONE);

    @Test
    void allReduceOfADeadOperandStaysInPlaceThoughStarted() {
        int addend = emit(NEG, TYPE, DATA, x);
        int sum = start(REDUCE, TYPE, addend);
        int other = emit(NEG, TYPE, NONE, x);
        await(sum);
        MemoryPlan plan = plan(emit(new AddN(), TYPE, NONE, sum, other));
        assertThat(plan.slots().get(sum)).isEqualTo(plan.slots().get(addend));
        assertThat(plan.slots().get(other)).isNotEqualTo(plan.slots().get(sum));
        // The input and the sum; what is computed meanwhile takes over the input.
        assertThat(plan.arenaBytes()).isEqualTo(2 * UNIT);
    }

    @Test
    void operandThatIsReadMeanwhileIsNotReducedInPlace() {
        int addend = emit(NEG, TYPE, DATA, x);
        int sum = start(REDUCE, TYPE, addend);
        int second = emit(NEG, TYPE, DATA, addend);
        await(sum);
        int secondSum = emit(REDUCE, TYPE, NONE, second);
        MemoryPlan plan = plan(emit(new AddN(), TYPE, NONE, sum, secondSum));
        assertThat(plan.slots().get(sum)).isNotEqualTo(plan.slots().get(addend));
        // The sum takes the input's place; addend and second live side by side with it.
        assertThat(plan.arenaBytes()).isEqualTo(3 * UNIT);
    }

    @Test
    void operandOfTwoCallsUnderWayIsReducedInPlaceByNeither() {
        int addend = emit(NEG, TYPE, DATA, x);
        int first = start(REDUCE, TYPE, addend);
        int second = start(REDUCE, TYPE, addend);
        await(first, second);
        MemoryPlan plan = plan(emit(new AddN(), TYPE, NONE, first, second));
        assertThat(Set.of(
                        plan.slots().get(addend),
                        plan.slots().get(first),
                        plan.slots().get(second)))
                .hasSize(3);
        assertThat(plan.arenaBytes()).isEqualTo(3 * UNIT);
    }

    @Test
    void operandLivesUntilTheAwaitAndNoLonger() {
        int addend = emit(NEG, TYPE, DATA, x);
        int part = start(SCATTER, HALF, addend);
        int meanwhile = emit(NEG, TYPE, NONE, x);
        await(part);
        int after = emit(NEG, HALF, NONE, part);
        MemoryPlan plan = plan(after, meanwhile);
        assertThat(meets(plan, addend, meanwhile)).isFalse();
        assertThat(meets(plan, addend, part)).isFalse();
        assertThat(plan.arenaBytes()).isEqualTo(2 * UNIT + UNIT / 2);
    }

    @Test
    void stateIsNotOverwrittenWhileACallReadsIt() {
        int gathered = value(TYPE.withShape(shape(2, 2, 32)), NONE);
        instructions.add(TestInstructions.of(
                new dev.tartan.partition.AllGather(DATA, 2), List.of(x), List.of(gathered), false, true));
        int updated = emit(NEG, TYPE, NONE, x);
        await(gathered);
        Program program = program(gathered, updated);
        Map<String, String> replaced = Map.of("y1", "x");
        MemoryPlan plan = PlanMemory.run(program, replaced, DeviceTraits.PLAIN);
        MemoryOracle.check(program, plan, replaced, Set.of());
        assertThat(plan.copies()).containsExactly(new MemoryPlan.Copy(updated, x));
    }

    @Test
    void stateIsUpdatedInPlaceAfterTheCallThatReadsIt() {
        int gathered = value(TYPE.withShape(shape(2, 2, 32)), NONE);
        instructions.add(TestInstructions.of(
                new dev.tartan.partition.AllGather(DATA, 2), List.of(x), List.of(gathered), false, true));
        await(gathered);
        int updated = emit(NEG, TYPE, NONE, x);
        Program program = program(gathered, updated);
        Map<String, String> replaced = Map.of("y1", "x");
        MemoryPlan plan = PlanMemory.run(program, replaced, DeviceTraits.PLAIN);
        MemoryOracle.check(program, plan, replaced, Set.of());
        assertThat(plan.copies()).isEmpty();
        assertThat(plan.slots().get(updated)).isEqualTo(plan.slots().get(x));
    }

    /** Whatever is started and awaited as late as can be, every value is whole where it is read. */
    @Test
    void randomProgramsKeepWhatCallsUseUntilTheirAwaits() {
        int started = 0;
        int inPlace = 0;
        for (int seed = 0; seed < 600; seed++) {
            RandomProgram drawn = new RandomProgram(TestMeshes.dataModel(2, 2), seed);
            Random random = new Random(seed);
            Program program = StartCollectives.run(drawn.program(), one -> random.nextInt(4) > 0);
            boolean keeps = seed % 3 == 0 && !drawn.replacedStates().containsValue("x0");
            Set<String> kept = keeps ? Set.of("x0") : Set.of();
            MemoryPlan plan = PlanMemory.run(program, drawn.replacedStates(), kept, (op, operands) -> 64);
            try {
                MemoryOracle.check(program, plan, drawn.replacedStates(), kept);
            } catch (AssertionError e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage() + "\n" + program + plan, e);
            }
            started += count(program, Instruction::started);
            inPlace += count(
                    program,
                    one -> one.started()
                            && plan.slots()
                                    .get(one.operands().get(0))
                                    .equals(plan.slots().get(one.results().get(0))));
        }
        assertThat(started).isGreaterThan(2000);
        assertThat(inPlace).isGreaterThan(300);
    }

    private static int count(Program program, Predicate<Instruction> matches) {
        return (int) program.instructions().stream().filter(matches).count();
    }

    private static boolean meets(MemoryPlan plan, int a, int b) {
        return plan.slots().get(a).offsetBytes() < plan.slots().get(b).endBytes()
                && plan.slots().get(b).offsetBytes() < plan.slots().get(a).endBytes();
    }

    private int value(TensorType type, List<String> unreduced) {
        values.add(new ProgramValue(values.size(), type, "", unreduced));
        return values.size() - 1;
    }

    private int emit(Op op, TensorType type, List<String> unreduced, Integer... operands) {
        return emit(op, type, unreduced, false, false, operands);
    }

    private int start(Op op, TensorType type, int operand) {
        return emit(op, type, NONE, false, true, operand);
    }

    private int emit(
            Op op, TensorType type, List<String> unreduced, boolean gradient, boolean started, Integer... operands) {
        int result = value(type, unreduced);
        instructions.add(TestInstructions.of(op, List.of(operands), List.of(result), gradient, started));
        return result;
    }

    private void await(Integer... results) {
        instructions.add(TestInstructions.await(results));
    }

    private Program program(int... outputs) {
        List<ProgramPort> ports = new ArrayList<>();
        for (int i = 0; i < outputs.length; i++) {
            ports.add(port("y" + i, outputs[i]));
        }
        Program program = new Program("test", MESH, values, instructions, List.of(port("x", x)), ports, List.of());
        ProgramVerifier.verify(program);
        return program;
    }

    private ProgramPort port(String name, int value) {
        TensorType type = values.get(value).type();
        return new ProgramPort(name, value, type, PartitionSpec.replicated(type.numDims()));
    }

    private MemoryPlan plan(int... outputs) {
        return plan(DeviceTraits.PLAIN, outputs);
    }

    private MemoryPlan plan(DeviceTraits traits, int... outputs) {
        Program program = program(outputs);
        MemoryPlan plan = PlanMemory.run(program, Map.of(), traits);
        MemoryOracle.check(program, plan, Map.of(), Set.of());
        return plan;
    }
}
