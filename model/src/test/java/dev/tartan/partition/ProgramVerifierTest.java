package dev.tartan.partition;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.Origin;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.MemoryKind;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.ShardOffset;
import dev.tartan.op.AddN;
import dev.tartan.op.Binary;
import dev.tartan.op.BinaryKind;
import dev.tartan.op.Reduce;
import dev.tartan.op.Reshape;
import dev.tartan.op.Unary;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgramVerifierTest {
    private static final Origin ORIGIN = Origin.NETWORK.at("h.0", null);
    private static final Mesh MESH = TestMeshes.dataModel(2, 2);
    private static final TensorType TYPE = new TensorType(DType.FLOAT32, shape(4, 8));
    private static final TensorType ROW = TYPE.withShape(shape(4));
    private static final List<String> NONE = List.of();
    private static final List<String> DATA = List.of("data");
    private static final List<String> MODEL = List.of("model");

    private final List<ProgramValue> values = new ArrayList<>();
    private final List<Instruction> instructions = new ArrayList<>();
    private final int x = value(TYPE, NONE);

    @Test
    void acceptsPendingSumsThatAreKeptAndAddedUp() {
        int sums = emit(new Reduce(Reduction.SUM, List.of(1)), ROW, MODEL, x);
        int doubled = emit(new AddN(), ROW, MODEL, sums, sums);
        int negative = emit(new Unary(Unary.Kind.NEG), ROW, MODEL, doubled);
        int total = emit(allReduce(MODEL, Reduction.SUM), ROW, NONE, negative);
        int largest = emit(new Reduce(Reduction.MAX, List.of(1)), ROW, MODEL, x);
        int largestOfAll = emit(allReduce(MODEL, Reduction.MAX), ROW, NONE, largest);
        int result = emit(new Binary(BinaryKind.MUL), ROW, NONE, total, largestOfAll);
        assertThatCode(() -> verify(result)).doesNotThrowAnyException();
    }

    @Test
    void acceptsGathersAndSlicesAlongOtherAxesThanThePendingOnes() {
        int sums = emit(new Reduce(Reduction.SUM, List.of(1)), ROW, MODEL, x);
        int sliced =
                emit(new ShardSlice(0, shape(2), ShardOffset.of(MESH, DATA, 4)), ROW.withShape(shape(2)), MODEL, sums);
        int gathered = emit(new AllGather(DATA, 2), ROW.withShape(shape(2, 2)), MODEL, sliced);
        int total = emit(allReduce(MODEL, Reduction.SUM), ROW.withShape(shape(2, 2)), NONE, gathered);
        assertThatCode(() -> verify(total)).doesNotThrowAnyException();
    }

    @Test
    void nonlinearOpOnAnUnreducedValue() {
        int sums = emit(new Reduce(Reduction.SUM, List.of(1)), ROW, MODEL, x);
        int result = emit(new Unary(Unary.Kind.EXP), ROW, MODEL, sums);
        assertThatThrownBy(() -> verify(result))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("program 'test' is broken at instruction 1: op is not linear in its unreduced operand 0,"
                        + " unreduced=[model], op=Unary[kind=EXP], operands=[f32[4]], results=[f32[4]], origin=h.0");
    }

    @Test
    void productOfTwoUnreducedValues() {
        int sums = emit(new Reduce(Reduction.SUM, List.of(1)), ROW, MODEL, x);
        int result = emit(new Binary(BinaryKind.MUL), ROW, MODEL, sums, sums);
        assertBroken(
                result,
                "instruction 1: op is not linear in operand 0 with operand 1 as it is, unreduced=[model] and [model]");
    }

    @Test
    void sumOfAnUnreducedAndAWholeValue() {
        int sums = emit(new Reduce(Reduction.SUM, List.of(1)), ROW, MODEL, x);
        int whole = emit(new Reduce(Reduction.SUM, List.of(1)), ROW, NONE, x);
        int result = emit(new Binary(BinaryKind.ADD), ROW, MODEL, whole, sums);
        assertBroken(
                result,
                "instruction 2: op is not linear in operand 1 with operand 0 as it is, unreduced=[model] and []");
    }

    @Test
    void lostPendingSum() {
        int sums = emit(new Reduce(Reduction.SUM, List.of(1)), ROW, MODEL, x);
        int result = emit(new Unary(Unary.Kind.NEG), ROW, NONE, sums);
        assertBroken(result, "instruction 1: result %2 loses a pending sum over [model]");
    }

    @Test
    void allReduceOfAValueThatIsNotUnreduced() {
        int result = emit(allReduce(DATA, Reduction.SUM), TYPE, NONE, x);
        assertBroken(result, "instruction 0: operand is not unreduced over all of [data]");
    }

    @Test
    void allReduceThatForgetsAnAxis() {
        int sums = emit(new Reduce(Reduction.SUM, List.of(1)), ROW, List.of("data", "model"), x);
        int result = emit(allReduce(MODEL, Reduction.SUM), ROW, NONE, sums);
        assertBroken(result, "instruction 1: result %2 is unreduced over other axes than is left: expected=[data]");
    }

    @Test
    void pendingMaximumAddedUp() {
        int largest = emit(new Reduce(Reduction.MAX, List.of(1)), ROW, MODEL, x);
        int result = emit(allReduce(MODEL, Reduction.SUM), ROW, NONE, largest);
        assertBroken(result, "instruction 1: op adds up another reduction than is pending: pending=MAX");
    }

    @Test
    void pendingMaximumNegated() {
        int largest = emit(new Reduce(Reduction.MAX, List.of(1)), ROW, MODEL, x);
        int result = emit(new Unary(Unary.Kind.NEG), ROW, MODEL, largest);
        assertBroken(result, "instruction 1: op is not linear in its unreduced operand 0, unreduced=[model]");
    }

    @Test
    void gatherOfAddendsAlongTheirOwnAxis() {
        int sums = emit(new Reduce(Reduction.SUM, List.of(1)), ROW, MODEL, x);
        int result = emit(new AllGather(MODEL, 2), ROW.withShape(shape(2, 4)), MODEL, sums);
        assertBroken(result, "instruction 1: op moves addends of a pending sum along its own axes, unreduced=[model]");
    }

    @Test
    void sliceOfAddendsAlongTheirOwnAxis() {
        int sums = emit(new Reduce(Reduction.SUM, List.of(1)), ROW, MODEL, x);
        ShardSlice slice = new ShardSlice(0, shape(2), ShardOffset.of(MESH, MODEL, 4));
        int result = emit(slice, ROW.withShape(shape(2)), MODEL, sums);
        assertBroken(result, "instruction 1: op slices along an axis over which its operand is unreduced=[model]");
    }

    @Test
    void useBeforeDefinition() {
        int later = value(TYPE, NONE);
        int result = emit(new Unary(Unary.Kind.NEG), TYPE, NONE, later);
        assertBroken(result, "instruction 0: operand %1 is used before it is made");
    }

    @Test
    void valueAssignedTwice() {
        int result = emit(new Unary(Unary.Kind.NEG), TYPE, NONE, x);
        instructions.add(instructions.get(0));
        assertBroken(result, "instruction 1: result %1 is assigned twice");
    }

    @Test
    void resultOfAnotherType() {
        int result = emit(new Unary(Unary.Kind.NEG), ROW, NONE, x);
        assertBroken(result, "instruction 0: result types differ from the op's: expected=[f32[4, 8]]");
    }

    @Test
    void operandsThatTheOpDoesNotAccept() {
        int row = emit(new Reduce(Reduction.SUM, List.of(1)), ROW, NONE, x);
        int result = emit(new AddN(), TYPE, NONE, x, row);
        assertBroken(
                result,
                "instruction 1: op does not accept its operands: add_n needs operands of one type:"
                        + " operands=[f32[4, 8], f32[4]].");
    }

    @Test
    void groupOfAnotherSizeThanTheMeshHas() {
        int gathered = emit(new AllGather(DATA, 4), TYPE.withShape(shape(4, 4, 8)), NONE, x);
        assertBroken(gathered, "instruction 0: group size differs from the mesh: ranks=4");
    }

    @Test
    void unreducedOutput() {
        int sums = emit(new Reduce(Reduction.SUM, List.of(1)), ROW, MODEL, x);
        assertThatThrownBy(() -> verify(sums))
                .hasMessage("program 'test' output 'y' is unreduced: value=%1:f32[4]+{model}");
    }

    @Test
    void outputThatIsNeverMade() {
        int ghost = value(TYPE, NONE);
        assertThatThrownBy(() -> verify(ghost))
                .hasMessage("program 'test' output 'y' is never made: value=%1:f32[4, 8]");
    }

    @Test
    void outputLaidOutOtherwiseThanItsType() {
        assertThatThrownBy(() -> verify(x, spec("data", null), TYPE))
                .hasMessage("program 'test' output 'y' has another type than its layout says: expected=f32[2, 8]:"
                        + " value=%0:f32[4, 8]");
    }

    @Test
    void acceptsStartedCollectivesThatAreAwaitedBeforeUse() {
        int sum = start(emit(new Reduce(Reduction.SUM, List.of(1)), ROW, MODEL, x));
        int reshaped = emit(new Reshape(shape(2, 2)), ROW.withShape(shape(2, 2)), NONE, sum);
        emit(new Unary(Unary.Kind.EXP), TYPE, NONE, x);
        await(sum);
        int result = emit(new Unary(Unary.Kind.EXP), ROW.withShape(shape(2, 2)), NONE, reshaped);
        assertThatCode(() -> verify(result)).doesNotThrowAnyException();
    }

    @Test
    void startedResultUsedBeforeItIsAwaited() {
        int sum = start(emit(new Reduce(Reduction.SUM, List.of(1)), ROW, MODEL, x));
        int result = emit(new Unary(Unary.Kind.EXP), ROW, NONE, sum);
        await(sum);
        assertBroken(result, "instruction 2: operand %2 is used before %2 is awaited");
    }

    @Test
    void reshapeOfAStartedResultUsedBeforeThatIsAwaited() {
        int sum = start(emit(new Reduce(Reduction.SUM, List.of(1)), ROW, MODEL, x));
        int reshaped = emit(new Reshape(shape(2, 2)), ROW.withShape(shape(2, 2)), NONE, sum);
        int result = emit(new Unary(Unary.Kind.EXP), ROW.withShape(shape(2, 2)), NONE, reshaped);
        await(sum);
        assertBroken(result, "instruction 3: operand %3 is used before %2 is awaited");
    }

    @Test
    void startedCollectiveThatIsNeverAwaited() {
        int sum = start(emit(new Reduce(Reduction.SUM, List.of(1)), ROW, MODEL, x));
        assertBroken(sum, "instruction 1: result %2 is never awaited");
    }

    @Test
    void awaitOfWhatIsNotUnderWay() {
        int sum = start(emit(new Reduce(Reduction.SUM, List.of(1)), ROW, MODEL, x));
        await(sum);
        await(sum);
        assertBroken(sum, "instruction 3: operand %2 is not the result of a collective under way");
    }

    @Test
    void awaitOfNothing() {
        instructions.add(TestInstructions.await());
        assertBroken(x, "instruction 0: op does not accept its operands: await waits for nothing: operands=[].");
    }

    @Test
    void onlyCopiesTouchHostMemory() {
        int onHost = emit(new MemoryCopy(MemoryKind.HOST), TYPE, NONE, x);
        values.set(onHost, values.get(onHost).in(MemoryKind.HOST));
        int back = emit(new MemoryCopy(MemoryKind.DEVICE), TYPE, NONE, onHost);
        verify(back);
        int sum = emit(new AddN(), TYPE, NONE, x, onHost);
        assertBroken(
                sum, "instruction 2: operand %" + onHost + " is in memory where the op cannot read it: memory=host");
        instructions.remove(2);
        int there = emit(new MemoryCopy(MemoryKind.DEVICE), TYPE, NONE, x);
        assertBroken(
                there, "instruction 2: operand %" + x + " is in memory where the op cannot read it: memory=device");
        instructions.remove(2);
        int wrong = emit(new MemoryCopy(MemoryKind.HOST), TYPE, NONE, x);
        assertBroken(
                wrong, "instruction 2: result %" + wrong + " is in other memory than the op writes: expected=host");
    }

    private int start(int addend) {
        int sum = emit(allReduce(MODEL, Reduction.SUM), ROW, NONE, addend);
        instructions.set(
                instructions.size() - 1,
                instructions.get(instructions.size() - 1).asStarted());
        return sum;
    }

    private void await(int result) {
        instructions.add(TestInstructions.await(result));
    }

    private void assertBroken(int output, String what) {
        assertThatThrownBy(() -> verify(output))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("program 'test' is broken at " + what);
    }

    private void verify(int output) {
        TensorType type = values.get(output).type();
        verify(output, PartitionSpec.replicated(type.numDims()), type);
    }

    private void verify(int output, PartitionSpec spec, TensorType global) {
        ProgramVerifier.verify(new Program(
                "test",
                MESH,
                values,
                instructions,
                List.of(new ProgramPort("x", x, TYPE, PartitionSpec.replicated(2))),
                List.of(new ProgramPort("y", output, global, spec)),
                List.of()));
    }

    private static AllReduce allReduce(List<String> axes, Reduction reduction) {
        return new AllReduce(axes, MESH.numShards(axes), reduction);
    }

    private int value(TensorType type, List<String> unreduced) {
        values.add(new ProgramValue(values.size(), type, "", unreduced));
        return values.size() - 1;
    }

    private int emit(Op op, TensorType type, List<String> unreduced, Integer... operands) {
        int result = value(type, unreduced);
        instructions.add(TestInstructions.of(op, List.of(operands), result, ORIGIN));
        return result;
    }
}
