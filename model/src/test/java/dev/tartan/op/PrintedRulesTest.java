package dev.tartan.op;

import static dev.tartan.mesh.Shape.shape;
import static dev.tartan.op.reference.Draw.floats;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.ShardOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

class PrintedRulesTest {
    @Test
    void elementwiseOpsAlignAtTheLastDim() {
        assertRule(new Unary(Unary.Kind.EXP), "([i, j]) -> ([i, j]) {i=8, j=6}", floats(8, 6));
        assertRule(
                new Binary(BinaryKind.ADD),
                "([i, 1, k], [j, 1]) -> ([i, j, k]) {i=4, j=2, k=6}",
                floats(4, 1, 6),
                floats(2, 1));
        assertRule(new BroadcastTo(shape(4, 6)), "([j]) -> ([i, j]) {i=4, j=6}", floats(6));
    }

    @Test
    void adamWLeavesItsScalarsWhole() {
        assertRule(
                new AdamW(0.9, 0.999, 1e-8, 0.1),
                "([i], [i], [i], [i], [], [], []) -> ([i], [i], [i]) {i=8}",
                floats(8),
                floats(8),
                floats(8),
                floats(8),
                floats(),
                floats(),
                floats());
    }

    @Test
    void matmulReducesItsInnerFactor() {
        assertRule(
                new Einsum("ik,kj->ij"),
                "([i, k], [k, j]) -> ([i, j]) {i=8, k=16, j=4} reduction={k}",
                floats(8, 16),
                floats(16, 4));
        assertRule(
                new Einsum("btk,btn->kn"),
                "([b, t, k], [b, t, n]) -> ([k, n]) {b=2, t=3, k=4, n=8} reduction={b, t}",
                floats(2, 3, 4),
                floats(2, 3, 8));
        assertRule(
                new Einsum("bhtd,bhsd->bhts"),
                "([b, h, t, d], [b, h, s, d]) -> ([b, h, t, s]) {b=2, h=4, t=3, d=8, s=5} reduction={d}",
                floats(2, 4, 3, 8),
                floats(2, 4, 5, 8));
    }

    @Test
    void reductionsSayHowTheyCombine() {
        assertRule(new Reduce(Reduction.SUM, List.of(1)), "([i, j]) -> ([i]) {i=4, j=8} reduction={j}", floats(4, 8));
        assertRule(
                new Reduce(Reduction.MAX, List.of(0)), "([i, j]) -> ([j]) {i=4, j=8} reduction_max={i}", floats(4, 8));
    }

    @Test
    void cutDimsOfSlicePadAndConcatNeedReplication() {
        assertRule(
                new Slice(List.of(0L, 1L), List.of(4L, 3L)),
                "([i, j]) -> ([i, 1]) {i=4, j=8} need_replication={j}",
                floats(4, 8));
        assertRule(
                new Pad(List.of(1L, 0L), List.of(3L, 0L), 0),
                "([i, j]) -> ([1, j]) {i=4, j=8} need_replication={i}",
                floats(4, 8));
        assertRule(
                new Concat(1),
                "([i, c0], [i, c1]) -> ([i, 1]) {i=4, c0=2, c1=6} need_replication={c0, c1}",
                floats(4, 2),
                floats(4, 6));
        assertRule(new Transpose(List.of(0, 2, 1)), "([i, j, k]) -> ([i, k, j]) {i=2, j=4, k=8}", floats(2, 4, 8));
    }

    @Test
    void gatherReducesOverRowsAndScatterOverIndices() {
        TensorType indices = new TensorType(DType.INT32, shape(2, 3));
        assertRule(
                new GatherRows(ShardOffset.ZERO),
                "([v, h], [i, j]) -> ([i, j, h]) {v=100, h=8, i=2, j=3} reduction={v}",
                floats(100, 8),
                indices);
        assertRule(
                new ScatterAddRows(100, ShardOffset.ZERO),
                "([i, j], [i, j, h]) -> ([v, h]) {v=100, h=8, i=2, j=3} reduction={i, j}",
                indices,
                floats(2, 3, 8));
    }

    @Test
    void normsNeedTheirLastDimWhole() {
        assertRule(new Softmax(), "([i, j, z]) -> ([i, j, z]) {i=2, j=3, z=8} need_replication={z}", floats(2, 3, 8));
        assertRule(
                new LayerNorm(1e-5),
                "([i, j, z], [z], [z]) -> ([i, j, z], [i, j], [i, j]) {i=2, j=3, z=8} need_replication={z}",
                floats(2, 3, 8),
                floats(8),
                floats(8));
        assertRule(
                new LayerNormGrad(),
                "([i, z], [i, z], [z], [i], [i]) -> ([i, z], [z], [z]) {i=4, z=8} reduction={i} need_replication={z}",
                floats(4, 8),
                floats(4, 8),
                floats(8),
                floats(4),
                floats(4));
        assertRule(
                new RmsNormGrad(),
                "([i, z], [i, z], [z], [i]) -> ([i, z], [z]) {i=4, z=8} reduction={i} need_replication={z}",
                floats(4, 8),
                floats(4, 8),
                floats(8),
                floats(4));
    }

    @Test
    void attentionSplitsOverBatchAndHeads() {
        TensorType q = floats(2, 4, 16, 8);
        assertRule(
                new Attention(1),
                "([b, h, t, d], [b, h, t, d], [b, h, t, d]) -> ([b, h, t, d], [b, h, t])"
                        + " {b=2, h=4, t=16, d=8} need_replication={t, d}",
                q,
                q,
                q);
        assertRule(
                new AttentionGrad(1),
                "([b, h, t, d], [b, h, t, d], [b, h, t, d], [b, h, t, d], [b, h, t, d], [b, h, t])"
                        + " -> ([b, h, t, d], [b, h, t, d], [b, h, t, d])"
                        + " {b=2, h=4, t=16, d=8} need_replication={t, d}",
                q,
                q,
                q,
                q,
                q,
                floats(2, 4, 16));
        assertRule(
                new Rotary(10000, false, ShardOffset.ZERO),
                "([i, j, k, z]) -> ([i, j, k, z]) {i=2, j=4, k=16, z=8} need_replication={z}",
                q);
    }

    @Test
    void recurrencesSplitOverSamplesAndTheirGradientsReduceThem() {
        TensorType mask = new TensorType(DType.BOOL, shape(4, 3));
        Lstm lstm = new Lstm(Activation.TANH, Activation.SIGMOID, true, true, false);
        assertRule(
                lstm,
                "([n, t, k], [h, k], [n, h], [n, h], [1, h], [n, t]) -> ([n, t, h], [n, t, h], [n, t, k])"
                        + " {n=4, t=3, k=8, h=2} need_replication={t, k, h}",
                floats(4, 3, 8),
                floats(2, 8),
                floats(4, 2),
                floats(4, 2),
                floats(3, 2),
                mask);
        assertRule(
                new LstmGrad(lstm, true),
                "([n, t, h], [h, k], [n, h], [n, h], [n, t, h], [n, t, h], [n, t, k], [1, h], [n, t], [n, t, h])"
                        + " -> ([n, t, k], [h, k], [n, h], [n, h], [1, h])"
                        + " {n=4, t=3, k=8, h=2} reduction={n} need_replication={t, k, h}",
                floats(4, 3, 2),
                floats(2, 8),
                floats(4, 2),
                floats(4, 2),
                floats(4, 3, 2),
                floats(4, 3, 2),
                floats(4, 3, 8),
                floats(3, 2),
                mask,
                floats(4, 3, 2));
        SimpleRnn simple = new SimpleRnn(Activation.TANH, false, false);
        assertRule(
                simple,
                "([n, t, h], [h, h], [n, h]) -> ([n, t, h], [n, t, h]) {n=4, t=3, h=2} need_replication={t, h}",
                floats(4, 3, 2),
                floats(2, 2),
                floats(4, 2));
        assertRule(
                new SimpleRnnGrad(simple),
                "([n, t, h], [h, h], [n, h], [n, t, h], [n, t, h]) -> ([n, t, h], [h, h], [n, h])"
                        + " {n=4, t=3, h=2} reduction={n} need_replication={t, h}",
                floats(4, 3, 2),
                floats(2, 2),
                floats(4, 2),
                floats(4, 3, 2),
                floats(4, 3, 2));
    }

    @Test
    void onlyTheGradientOfCrossEntropySplitsTheVocabulary() {
        TensorType labels = new TensorType(DType.INT32, shape(4));
        assertRule(
                new CrossEntropy(),
                "([i, v], [i]) -> ([i], [i]) {i=4, v=100} need_replication={v}",
                floats(4, 100),
                labels);
        assertRule(
                new CrossEntropyGrad(ShardOffset.ZERO),
                "([i], [i, j], [i], [i]) -> ([i, j]) {i=4, j=100}",
                floats(4),
                floats(4, 100),
                labels,
                floats(4));
    }

    @Test
    void convolutionsSplitOverSamplesAndChannels() {
        Window2d window = Window2d.square(3, 1, 1);
        assertRule(
                new Conv2d(window),
                "([n, i, h, w], [o, i, kh, kw]) -> ([n, o, 1, 1])"
                        + " {n=8, o=16, i=4, h=5, w=6, kh=3, kw=3} reduction={i} need_replication={h, w, kh, kw}",
                floats(8, 4, 5, 6),
                floats(16, 4, 3, 3));
        assertRule(
                new ConvTranspose2d(window, 5, 6),
                "([n, o, oh, ow], [o, i, kh, kw]) -> ([n, i, 1, 1])"
                        + " {n=8, o=16, i=4, oh=5, ow=6, kh=3, kw=3} reduction={o} need_replication={oh, ow, kh, kw}",
                floats(8, 16, 5, 6),
                floats(16, 4, 3, 3));
        assertRule(
                new Conv2dFilterGrad(window),
                "([n, i, h, w], [n, o, oh, ow]) -> ([o, i, 1, 1])"
                        + " {n=8, o=16, i=4, h=5, w=6, oh=5, ow=6} reduction={n} need_replication={h, w, oh, ow}",
                floats(8, 4, 5, 6),
                floats(8, 16, 5, 6));
    }

    @Test
    void depthwiseConvolutionsSplitChannelsBeforeTheirMultiplier() {
        Window2d window = Window2d.square(3, 1, 1);
        assertRule(
                new DepthwiseConv2d(window),
                "([n, c, h, w], [kh, kw, c, m]) -> ([n, (c m), 1, 1])"
                        + " {n=8, c=4, m=2, h=5, w=6, kh=3, kw=3} need_replication={h, w, kh, kw}",
                floats(8, 4, 5, 6),
                floats(3, 3, 4, 2));
        assertRule(
                new DepthwiseConvTranspose2d(window, 5, 6),
                "([n, (c m), oh, ow], [kh, kw, c, m]) -> ([n, c, 1, 1])"
                        + " {n=8, c=4, m=2, oh=5, ow=6, kh=3, kw=3} reduction={m} need_replication={oh, ow, kh, kw}",
                floats(8, 8, 5, 6),
                floats(3, 3, 4, 2));
        assertRule(
                new DepthwiseConv2dFilterGrad(window),
                "([n, c, h, w], [n, (c m), oh, ow]) -> ([1, 1, c, m])"
                        + " {n=8, c=4, m=2, h=5, w=6, oh=5, ow=6} reduction={n} need_replication={h, w, oh, ow}",
                floats(8, 4, 5, 6),
                floats(8, 8, 5, 6));
    }

    @Test
    void poolingsSplitOverSamplesAndChannels() {
        Window2d window = Window2d.square(2, 2, 0);
        assertRule(
                new MaxPool2d(window),
                "([n, c, h, w]) -> ([n, c, 1, 1]) {n=8, c=4, h=6, w=8} need_replication={h, w}",
                floats(8, 4, 6, 8));
        assertRule(
                new MaxPool2dGrad(window),
                "([n, c, h, w], [n, c, h1, w1]) -> ([n, c, 1, 1])"
                        + " {n=8, c=4, h=3, w=4, h1=6, w1=8} need_replication={h, w, h1, w1}",
                floats(8, 4, 3, 4),
                floats(8, 4, 6, 8));
        assertRule(
                new AveragePool2dGrad(window, false, 6, 8),
                "([n, c, h, w]) -> ([n, c, 1, 1]) {n=8, c=4, h=3, w=4} need_replication={h, w}",
                floats(8, 4, 3, 4));
    }

    @Test
    void sourcesSplitFreely() {
        assertRule(new Fill(floats(4, 2), 1), "() -> ([i, j]) {i=4, j=2}");
        assertRule(new Iota(floats(4, 2), 1, ShardOffset.ZERO), "() -> ([i, j]) {i=4, j=2}");
        assertRule(
                new RandomUniform(floats(4), 1, 2, shape(4), List.of(ShardOffset.ZERO)),
                "([]) -> ([i]) {i=4}",
                new TensorType(DType.INT32, shape()));
    }

    private static void assertRule(Op op, String expected, TensorType... operands) {
        assertThat(op.shardingRule(List.of(operands))).as(op.toString()).hasToString(expected);
    }
}
