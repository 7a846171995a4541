package dev.tartan.op;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TensorTest {
    private final GraphBuilder builder = new GraphBuilder("trace");
    private final Tensor x = Tensor.input(builder, "x", new TensorType(DType.FLOAT64, shape(2, 3)));
    private final HostTensor values = HostTensor.of(shape(2, 3), 1, -2, 3, 4, 5, -6);

    @Test
    void matmulTakesBatchesOfRowsOrOfMatrices() {
        Tensor batch = x.reshape(1, 2, 3);
        assertThat(batch.matmul(x.transpose(1, 0)).shape()).isEqualTo(shape(1, 2, 2));
        assertThat(batch.matmul(batch.transpose(0, 2, 1)).shape()).isEqualTo(shape(1, 2, 2));
        assertThat(x.sum(0).matmul(x.transpose(1, 0)).shape()).isEqualTo(shape(2));
    }

    @Test
    void meanDividesByTheSizeOfTheDim() {
        assertThat(evaluate(x.mean(-1, true))).isEqualTo(text(shape(2, 1), 2.0 / 3, 1));
        assertThat(evaluate(x.meanAll())).isEqualTo(text(shape(), 5.0 / 6));
    }

    @Test
    void sumToUndoesBroadcasting() {
        assertThat(evaluate(x.sumTo(shape(3)))).isEqualTo(text(shape(3), 5, 3, -3));
        assertThat(evaluate(x.sumTo(shape(2, 1)))).isEqualTo(text(shape(2, 1), 2, 3));
        assertThat(evaluate(x.sumTo(shape()))).isEqualTo(text(shape(), 5));
        assertThat(x.sumTo(shape(2, 3))).isSameAs(x);
    }

    @Test
    void scalarsMayComeFirst() {
        assertThat(evaluate(x.rsub(1))).isEqualTo(text(shape(2, 3), 0, 3, -2, -3, -4, 7));
        assertThat(evaluate(x.rpow(2))).isEqualTo(text(shape(2, 3), 2, 0.25, 8, 16, 32, 1.0 / 64));
    }

    @Test
    void selectChoosesByElement() {
        Tensor chosen = Tensor.select(x.greaterThan(0), x, x.filled(0));
        assertThat(evaluate(chosen)).isEqualTo(text(shape(2, 3), 1, 0, 3, 4, 5, 0));
    }

    @Test
    void concatUndoesSlices() {
        Tensor whole = Tensor.concat(1, List.of(x.slice(-1, 0, 1), x.slice(-1, 1, 2)));
        assertThat(evaluate(whole)).isEqualTo(values.toString());
    }

    @Test
    void whatChangesNothingRecordsNothing() {
        assertThat(x.reshape(2, 3)).isSameAs(x);
        assertThat(x.broadcastTo(shape(2, 3))).isSameAs(x);
        assertThat(x.cast(DType.FLOAT64)).isSameAs(x);
        assertThat(Tensor.sumOf(List.of(x))).isSameAs(x);
        assertThat(builder.nodes()).isEmpty();
    }

    @Test
    void misfitsNameTheOpAndTheTypes() {
        Tensor indices = x.iota(new TensorType(DType.INT32, shape(4)), 0);
        assertRefused(
                () -> x.reshape(4, 2), "reshape [4, 2] needs as many elements as its operand: operands=[f64[2, 3]].");
        assertRefused(() -> x.slice(1, 2, 2), "slice [0:2, 2:4] lies outside its operand: operands=[f64[2, 3]].");
        assertRefused(
                () -> x.transpose(0, 0), "transpose [0, 0] needs each dim of its operand once: operands=[f64[2, 3]].");
        assertRefused(
                () -> x.sum(0, 0), "reduce_sum [0, 0] needs ascending dims of its operand: operands=[f64[2, 3]].");
        assertRefused(() -> x.add(indices), "add needs operands of one element type: operands=[f64[2, 3], i32[4]].");
        assertRefused(indices::exp, "exp needs a floating-point operand: operands=[i32[4]].");
        assertRefused(() -> x.gatherRows(x), "gather_rows needs an operand of type INT32: operands=[f64[2, 3]].");
        assertRefused(
                () -> x.crossEntropy(indices), "cross_entropy needs one label per row: operands=[f64[2, 3], i32[4]].");
        assertRefused(
                () -> x.rotary(100), "rotary theta=100.0 needs dims [..., position, even size]: operands=[f64[2, 3]].");
        assertRefused(
                () -> x.rmsNorm(x.sum(1), 0.1),
                "rms_norm eps=0.1 needs a vector as long as the last dim: operands=[f64[2, 3], f64[2]].");
        assertRefused(() -> x.apply(new Select(), x), "select takes another number of operands: expected=3, actual=2.");
    }

    private static String text(Shape shape, double... data) {
        return HostTensor.of(shape, data).toString();
    }

    private static void assertRefused(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }

    private String evaluate(Tensor tensor) {
        return String.valueOf(ReferenceInterpreter.run(builder.build(Map.of("out", tensor.value())), List.of(values))
                .get("out"));
    }
}
