package dev.tartan.plan;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.Origin;
import dev.tartan.graph.Phase;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Binary;
import dev.tartan.op.BinaryKind;
import dev.tartan.op.Einsum;
import dev.tartan.op.Reduce;
import dev.tartan.op.Reshape;
import dev.tartan.op.Unary;
import dev.tartan.partition.AllGather;
import dev.tartan.partition.AllReduce;
import dev.tartan.partition.Await;
import dev.tartan.partition.Collective;
import dev.tartan.partition.CollectiveRole;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.Program;
import dev.tartan.partition.TestInstructions;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which ops join a product, for devices whose products have epilogues. */
class FuseProductEpiloguesTest extends ProgramDraft {
    private static final DeviceTraits TRAITS = DeviceTraits.PLAIN.on(DeviceProfile.CPU.withProductEpilogues(true));
    private static final TensorType WEIGHT = TYPE.withShape(shape(8, 6));
    private static final TensorType BIAS = TYPE.withShape(shape(6));
    private static final TensorType RESULT = TYPE.withShape(shape(4, 6));
    private static final Op PRODUCT = new Einsum("ik,kj->ij");
    private static final Op WEIGHT_GRADIENT = new Einsum("ik,ij->kj");
    private static final Op BIAS_GRADIENT = new Reduce(Reduction.SUM, List.of(0));
    private static final Op ADD = new Binary(BinaryKind.ADD);
    private static final Op NEG = new Unary(Unary.Kind.NEG);

    @Test
    void aBiasIsAddedByTheProduct() {
        int x = kept("x");
        int weight = kept("weight", WEIGHT);
        int bias = kept("bias", BIAS);
        output(emit(ADD, emit(PRODUCT, x, weight), bias));
        assertThat(fuse()).containsExactly("%4:f32[4, 6] = einsum+bias \"ik,kj->ij\" (%0, %1, %2)");
    }

    @Test
    void aBiasMayBeTheFirstOperand() {
        int x = kept("x");
        int weight = kept("weight", WEIGHT);
        int bias = kept("bias", BIAS);
        output(emit(ADD, bias, emit(PRODUCT, x, weight)));
        assertThat(fuse()).containsExactly("%4:f32[4, 6] = einsum+bias \"ik,kj->ij\" (%0, %1, %2)");
    }

    @Test
    void aTensorOfAnotherShapeIsNoBias() {
        int x = kept("x");
        int weight = kept("weight", WEIGHT);
        output(emit(ADD, emit(PRODUCT, x, weight), kept("residual", RESULT)));
        output(emit(ADD, emit(PRODUCT, x, weight), kept("column", TYPE.withShape(shape(4, 1)))));
        output(emit(ADD, emit(PRODUCT, x, weight), kept("row", TYPE.withShape(shape(1, 6)))));
        output(emit(new Binary(BinaryKind.MUL), emit(PRODUCT, x, weight), kept("scale", BIAS)));
        assertNothingIsFused();
    }

    @Test
    void whoeverCompilesMayForbidThem() {
        output(emit(ADD, emit(PRODUCT, kept("x"), kept("weight", WEIGHT)), kept("bias", BIAS)));
        System.setProperty(FuseProductEpilogues.PROPERTY, "false");
        try {
            assertNothingIsFused();
        } finally {
            System.clearProperty(FuseProductEpilogues.PROPERTY);
        }
    }

    @Test
    void aProductThatIsItsOwnAddendIsNoBias() {
        int row = kept("row", TYPE.withShape(shape(8)));
        int made = emit(new Einsum("k,kj->j"), row, kept("weight", WEIGHT));
        output(emit(ADD, made, made));
        assertNothingIsFused();
    }

    @Test
    void aProductThatOthersReadStays() {
        int made = emit(PRODUCT, kept("x"), kept("weight", WEIGHT));
        output(emit(ADD, made, kept("bias", BIAS)));
        output(emit(NEG, made));
        assertNothingIsFused();
    }

    @Test
    void aProductThatIsAnOutputStays() {
        int made = emit(PRODUCT, kept("x"), kept("weight", WEIGHT));
        output(made);
        output(emit(ADD, made, kept("bias", BIAS)));
        assertNothingIsFused();
    }

    /** Each rank would add the bias, and the sum would have it as often as there are ranks. */
    @Test
    void aPartialSumGetsNoBias() {
        List<String> model = List.of("model");
        int x = kept("x");
        int weight = kept("weight", WEIGHT);
        int bias = kept("bias", BIAS);
        int addend = value(RESULT, model, false);
        int sum = value(RESULT, List.of(), false);
        instructions.add(TestInstructions.of(PRODUCT, List.of(x, weight), addend));
        instructions.add(TestInstructions.of(new AllReduce(model, 1, Reduction.SUM), List.of(addend), sum));
        output(emit(ADD, sum, bias));
        assertNothingIsFused();
    }

    @Test
    void aProductWaitsForItsBiasToBeCastOrLaidOut() {
        int x = kept("x");
        int weight = kept("weight", WEIGHT);
        int made = emit(PRODUCT, x, weight);
        int bias = emit(new Reshape(shape(6)), kept("bias", TYPE.withShape(shape(2, 3))));
        output(emit(ADD, made, bias));
        assertThat(fuse())
                .containsExactly(
                        "%4:f32[6] = reshape [6] (%3)", "%5:f32[4, 6] = einsum+bias \"ik,kj->ij\" (%0, %1, %4)");
    }

    @Test
    void aBiasMadeAfterTheProductIsAddedLater() {
        int made = emit(PRODUCT, kept("x"), kept("weight", WEIGHT));
        output(emit(ADD, made, emit(NEG, kept("bias", BIAS))));
        assertNothingIsFused();
    }

    /** It is gathered before the product begins, but there only after it. */
    @Test
    void aBiasThatIsAwaitedAfterTheProductIsAddedLater() {
        for (boolean reshapes : List.of(false, true)) {
            FuseProductEpiloguesTest draft = new FuseProductEpiloguesTest();
            draft.gatherBias(reshapes);
            draft.assertNothingIsFused();
        }
    }

    private void gatherBias(boolean reshapes) {
        int x = kept("x");
        int weight = kept("weight", WEIGHT);
        int shard = value(BIAS, reshapes ? List.of() : List.of("data"), false);
        instructions.add(TestInstructions.of(NEG, List.of(kept("shard", BIAS)), shard));
        Collective collective =
                reshapes ? new AllGather(List.of("data"), 1) : new AllReduce(List.of("data"), 1, Reduction.SUM);
        int gathered = value(collective.resultTypes(List.of(BIAS)).get(0), List.of(), false);
        instructions.add(new Instruction(
                        collective,
                        List.of(shard),
                        List.of(gathered),
                        Origin.of(Phase.FORWARD),
                        CollectiveRole.PARAMETER)
                .asStarted());
        int bias = reshapes ? emit(new Reshape(shape(6)), gathered) : gathered;
        int made = emit(PRODUCT, x, weight);
        instructions.add(new Instruction(new Await(), List.of(gathered), List.of(), Origin.of(Phase.FORWARD)));
        output(emit(ADD, made, bias));
    }

    @Test
    void aBatchOfProductsHasNoEpilogue() {
        int left = kept("left", TYPE.withShape(shape(2, 4, 8)));
        int right = kept("right", TYPE.withShape(shape(2, 8, 6)));
        output(emit(ADD, emit(new Einsum("bik,bkj->bij"), left, right), kept("bias", BIAS)));
        assertNothingIsFused();
    }

    @Test
    void otherTypesHaveNoEpilogue() {
        TensorType wide = new TensorType(DType.FLOAT64, shape(4, 8));
        int made = emit(PRODUCT, kept("x", wide), kept("weight", wide.withShape(shape(8, 6))));
        output(emit(ADD, made, kept("bias", wide.withShape(shape(6)))));
        assertNothingIsFused();
    }

    @Test
    void aBiasGradientIsSummedByTheProduct() {
        int x = kept("x");
        int dy = kept("dy", RESULT);
        output(emit(WEIGHT_GRADIENT, x, dy));
        output(emit(BIAS_GRADIENT, dy));
        assertThat(fuse()).containsExactly("%2:f32[8, 6], %3:f32[6] = einsum+right_sum \"ik,ij->kj\" (%0, %1)");
    }

    @Test
    void aSumBeforeTheProductIsMadeByIt() {
        int x = kept("x");
        int dy = kept("dy", RESULT);
        int bias = emit(BIAS_GRADIENT, dy);
        output(emit(new Einsum("ij,ik->jk"), dy, x));
        output(emit(NEG, bias));
        assertThat(fuse())
                .containsExactly(
                        "%3:f32[6, 8], %2:f32[6] = einsum+left_sum \"ij,ik->jk\" (%1, %0)", "%4:f32[6] = neg (%2)");
    }

    @Test
    void aSumThatIsReadBeforeTheProductStays() {
        int x = kept("x");
        int dy = kept("dy", RESULT);
        output(emit(NEG, emit(BIAS_GRADIENT, dy)));
        output(emit(WEIGHT_GRADIENT, x, dy));
        assertNothingIsFused();
    }

    @Test
    void sumsOfOtherDimsOrOperandsStay() {
        int x = kept("x");
        int dy = kept("dy", RESULT);
        output(emit(WEIGHT_GRADIENT, x, dy));
        output(emit(new Reduce(Reduction.SUM, List.of(1)), dy));
        output(emit(new Reduce(Reduction.SUM, List.of(0, 1)), dy));
        output(emit(new Reduce(Reduction.MAX, List.of(0)), dy));
        output(emit(BIAS_GRADIENT, kept("other", RESULT)));
        assertNothingIsFused();
    }

    /** Its sum is float32, and what a library writes is bfloat16. */
    @Test
    void aFloat32SumOfBfloat16Stays() {
        TensorType narrow = new TensorType(DType.BFLOAT16, shape(4, 8));
        int dy = kept("dy", narrow.withShape(shape(4, 6)));
        output(emit(WEIGHT_GRADIENT, kept("x", narrow), dy));
        output(emit(BIAS_GRADIENT, dy));
        assertNothingIsFused();
    }

    @Test
    void aSumIsMadeOnce() {
        int x = kept("x");
        int dy = kept("dy", RESULT);
        output(emit(WEIGHT_GRADIENT, x, dy));
        output(emit(WEIGHT_GRADIENT, x, dy));
        output(emit(BIAS_GRADIENT, dy));
        assertThat(fuse())
                .containsExactly(
                        "%2:f32[8, 6], %4:f32[6] = einsum+right_sum \"ik,ij->kj\" (%0, %1)",
                        "%3:f32[8, 6] = einsum \"ik,ij->kj\" (%0, %1)");
    }

    @Test
    void otherDevicesDoOpsOneByOne() {
        output(emit(ADD, emit(PRODUCT, kept("x"), kept("weight", WEIGHT)), kept("bias", BIAS)));
        Program program = program();
        assertThat(FuseProductEpilogues.run(program, DeviceTraits.PLAIN, this::plan))
                .isSameAs(program);
    }

    @Test
    void aPlanThatNeedsMoreMemoryIsNotTaken() {
        output(emit(ADD, emit(PRODUCT, kept("x"), kept("weight", WEIGHT)), kept("bias", BIAS)));
        Program program = program();
        Program result = FuseProductEpilogues.run(program, TRAITS, each -> {
            MemoryPlan plan = plan(each);
            return each.equals(program) ? plan : plan.inArenaOf(plan.arenaBytes() + 64);
        });
        assertThat(result).isSameAs(program);
    }

    private void assertNothingIsFused() {
        Program program = program();
        assertThat(FuseProductEpilogues.run(program, TRAITS, this::plan))
                .as("%s", program)
                .isSameAs(program);
    }

    private List<String> fuse() {
        return printed(FuseProductEpilogues.run(program(), TRAITS, this::plan));
    }
}
