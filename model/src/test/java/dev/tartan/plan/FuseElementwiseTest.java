package dev.tartan.plan;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.Op;
import dev.tartan.graph.Origin;
import dev.tartan.graph.Phase;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.op.AddN;
import dev.tartan.op.Binary;
import dev.tartan.op.BinaryKind;
import dev.tartan.op.FusedElementwise;
import dev.tartan.op.Reduce;
import dev.tartan.op.ScalarBinary;
import dev.tartan.op.Softmax;
import dev.tartan.op.Unary;
import dev.tartan.partition.AllReduce;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.Program;
import dev.tartan.partition.TestInstructions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which ops are fused, for devices that have a kernel for all chains. */
class FuseElementwiseTest extends ProgramDraft {
    private static final TensorType ROW = TYPE.withShape(shape(8));
    private static final Op ADD = new Binary(BinaryKind.ADD);
    private static final Op SUB = new Binary(BinaryKind.SUB);
    private static final Op MUL = new Binary(BinaryKind.MUL);
    private static final Op SCALE = new ScalarBinary(BinaryKind.MUL, 0.25, false);
    private static final Op NEG = new Unary(Unary.Kind.NEG);
    /** Makes a tensor of the same shape, but not element by element. */
    private static final Op SOFTMAX = new Softmax();

    private static final Op SUM = new Reduce(Reduction.SUM, List.of(0));

    @Test
    void aScaledParameterIsAddedToItsGradientInOneOp() {
        int gradient = input("gradient");
        int weight = kept("weight");
        int scaled = emit(SCALE, weight);
        output(emit(ADD, gradient, scaled));
        assertThat(run()).containsExactly("%3:f32[4, 8] = mul+add t0 = mul(b, 0.25); add(a, t0) (%0, %1)");
    }

    @Test
    void anUpdateIsComputedOverItsState() {
        int weight = kept("weight");
        int gradient = input("gradient");
        int step = emit(SCALE, emit(NEG, gradient));
        output("weight.new", emit(SUB, weight, step));
        replaced.put("weight.new", "weight");
        Program fused = fuse();
        assertThat(printed(fused))
                .containsExactly("%4:f32[4, 8] = neg+mul+sub t0 = neg(b); t1 = mul(t0, 0.25); sub(a, t1) (%0, %1)");
        MemoryPlan plan = plan(fused);
        assertThat(plan.copies()).isEmpty();
        assertThat(plan.slots().get(4)).isEqualTo(plan.slots().get(weight));
    }

    @Test
    void whatOthersReadOrIsAnOutputStays() {
        int x = kept("x");
        int y = kept("y");
        int twice = emit(NEG, x);
        int told = emit(SCALE, y);
        int sum = emit(ADD, twice, told);
        output("told", told);
        output(emit(SUM, twice));
        output(emit(SUM, sum));
        assertNothingIsFused();
    }

    @Test
    void aValueReadTwiceByOneOpIsPartOfIt() {
        int x = kept("x");
        int scaled = emit(SCALE, x);
        output(emit(MUL, scaled, scaled));
        assertThat(run()).containsExactly("%2:f32[4, 8] = mul+mul t0 = mul(a, 0.25); mul(t0, t0) (%0)");
    }

    @Test
    void anOpOfAnotherShapeStays() {
        int x = kept("x");
        int row = emit(SCALE, kept("row", ROW));
        output(emit(ADD, x, row));
        assertNothingIsFused();
    }

    @Test
    void aRepeatedRowMayBeAnOperand() {
        int x = kept("x");
        int row = kept("row", ROW);
        output(emit(NEG, emit(ADD, x, row)));
        assertThat(run()).containsExactly("%3:f32[4, 8] = add+neg t0 = add(a, b); neg(t0) (%0, %1)");
    }

    @Test
    void phasesStayApart() {
        int x = kept("x");
        int forward = emit(NEG, x);
        int backward = value(TYPE, List.of(), false);
        instructions.add(TestInstructions.of(SCALE, List.of(forward), backward, Origin.of(Phase.BACKWARD)));
        output(backward);
        assertNothingIsFused();
    }

    @Test
    void aGradientThatIsAccountedForStays() {
        int x = kept("x");
        int gradient = value(TYPE, List.of(), true);
        instructions.add(TestInstructions.of(NEG, List.of(x), gradient));
        output(emit(SCALE, gradient));
        assertNothingIsFused();
    }

    @Test
    void pendingSumsStay() {
        int x = kept("x");
        List<String> data = List.of("data");
        int addend = value(TYPE, data, false);
        int scaled = value(TYPE, data, false);
        int doubled = value(TYPE, data, false);
        int sum = value(TYPE, List.of(), false);
        instructions.add(TestInstructions.of(SOFTMAX, List.of(x), addend));
        instructions.add(TestInstructions.of(SCALE, List.of(addend), scaled));
        instructions.add(TestInstructions.of(SCALE, List.of(scaled), doubled));
        instructions.add(TestInstructions.of(new AllReduce(data, 1, Reduction.SUM), List.of(doubled), sum));
        output(sum);
        assertNothingIsFused();
    }

    /** %1 and %2 would both live up to the last op, where now only their sum does. */
    @Test
    void twoTensorsAreNotKeptInPlaceOfOne() {
        int x = kept("x");
        int left = emit(SOFTMAX, x);
        int right = emit(SOFTMAX, x);
        int sum = emit(ADD, left, right);
        int other = emit(SOFTMAX, x);
        output(emit(ADD, sum, other));
        assertNothingIsFused();
    }

    @Test
    void oneTensorIsKeptInPlaceOfAnother() {
        int x = kept("x");
        int left = emit(SOFTMAX, x);
        int scaled = emit(SCALE, left);
        int other = emit(SOFTMAX, x);
        output(emit(ADD, other, scaled));
        assertThat(run()).hasSize(3).contains("%4:f32[4, 8] = mul+add t0 = mul(b, 0.25); add(a, t0) (%3, %1)");
    }

    /** The state would have to be kept beside its new value. */
    @Test
    void aStateIsNotReadAfterItsUpdate() {
        int weight = kept("weight");
        int scaled = emit(SCALE, weight);
        output("weight.new", emit(NEG, weight));
        replaced.put("weight.new", "weight");
        output(emit(ADD, kept("x"), scaled));
        assertNothingIsFused();
    }

    @Test
    void chainsHaveAtMostEightStepsAndSixOperands() {
        int x = kept("x");
        int last = x;
        for (int i = 0; i < 10; i++) {
            last = emit(i % 2 == 0 ? NEG : SCALE, last);
        }
        output(last);
        List<Integer> terms = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            terms.add(kept("term" + i));
        }
        output(emit(SCALE, emit(new AddN(), terms.toArray(new Integer[0]))));
        terms.add(kept("one more"));
        output(emit(SCALE, emit(new AddN(), terms.toArray(new Integer[0]))));
        Program fused = fuse();
        assertThat(fused.instructions().stream()
                        .map(Instruction::op)
                        .map(op -> op instanceof FusedElementwise chain
                                ? chain.steps().size()
                                : 1))
                .containsExactly(2, 8, 2, 1, 1);
    }

    @Test
    void withoutAKernelNothingIsFused() {
        int x = kept("x");
        output(emit(NEG, emit(SCALE, x)));
        Program program = program();
        DeviceTraits traits = (op, operands) -> op instanceof FusedElementwise ? 64 : 0;
        assertThat(FuseElementwise.run(program, replaced, kept, traits, this::plan))
                .isSameAs(program);
    }

    @Test
    void aPlanThatNeedsMoreMemoryIsNotTaken() {
        int x = kept("x");
        output(emit(NEG, emit(SCALE, x)));
        Program program = program();
        Program result = FuseElementwise.run(program, replaced, kept, DeviceTraits.PLAIN, each -> {
            MemoryPlan plan = plan(each);
            return each.equals(program) ? plan : plan.inArenaOf(plan.arenaBytes() + 64);
        });
        assertThat(result).isSameAs(program);
    }

    private void assertNothingIsFused() {
        Program program = program();
        assertThat(FuseElementwise.run(program, replaced, kept, DeviceTraits.PLAIN, this::plan))
                .as("%s", program)
                .isSameAs(program);
    }

    private List<String> run() {
        return printed(fuse());
    }

    private Program fuse() {
        Program program = program();
        Program fused = FuseElementwise.run(program, replaced, kept, DeviceTraits.PLAIN, this::plan);
        assertThat(fused).isNotSameAs(program);
        assertThat(plan(fused).arenaBytes()).isLessThanOrEqualTo(plan(program).arenaBytes());
        return fused;
    }
}
