package dev.tartan.backend.nd4j;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.KernelLibrary;
import dev.tartan.graph.DType;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardOffset;
import dev.tartan.op.Activate;
import dev.tartan.op.ActivateGrad;
import dev.tartan.op.Activation;
import dev.tartan.op.AdamW;
import dev.tartan.op.AddN;
import dev.tartan.op.Attention;
import dev.tartan.op.AttentionGrad;
import dev.tartan.op.Binary;
import dev.tartan.op.BinaryKind;
import dev.tartan.op.BroadcastTo;
import dev.tartan.op.Concat;
import dev.tartan.op.CrossEntropy;
import dev.tartan.op.CrossEntropyGrad;
import dev.tartan.op.Einsum;
import dev.tartan.op.Fill;
import dev.tartan.op.GatherRows;
import dev.tartan.op.Iota;
import dev.tartan.op.LayerNorm;
import dev.tartan.op.LayerNormGrad;
import dev.tartan.op.Lstm;
import dev.tartan.op.Pad;
import dev.tartan.op.RandomUniform;
import dev.tartan.op.Reduce;
import dev.tartan.op.RmsNorm;
import dev.tartan.op.RmsNormGrad;
import dev.tartan.op.Rotary;
import dev.tartan.op.ScalarBinary;
import dev.tartan.op.ScatterAddRows;
import dev.tartan.op.SimpleRnn;
import dev.tartan.op.Slice;
import dev.tartan.op.Softmax;
import dev.tartan.op.SoftmaxGrad;
import dev.tartan.op.Transpose;
import dev.tartan.op.Unary;
import dev.tartan.op.reference.Draw;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.OpCase;
import dev.tartan.op.reference.RecurrentCases;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Sizes that the shared cases leave out: long and odd rows, several blocks, shards that begin elsewhere, no elements.
 */
class KernelShapesTest {
    private static final Nd4jBackend BACKEND = new Nd4jBackend(2);
    private static final KernelLibrary ND4J_ALONE = Nd4jKernels.primitives().build();

    @BeforeAll
    static void attach() {
        BACKEND.device(0).attachThread();
    }

    private static void check(OpCase example) {
        for (OpCase typed : List.of(example, TypedCases.toFloat32(example))) {
            KernelChecks.assertMatchesReference(BACKEND, ND4J_ALONE, typed, List.of());
            KernelChecks.assertMatchesReference(BACKEND, BACKEND.kernels(), typed, List.of());
        }
        OpCase half = TypedCases.to(DType.BFLOAT16, example);
        KernelChecks.assertMatchesReference(BACKEND, BACKEND.kernels(), half, List.of());
    }

    /** Cases whose host kernels work on rows of {@code width}. */
    private static List<OpCase> rowCases(int rows, int width) {
        Draw draw = new Draw(31L * rows + width);
        HostTensor x = draw.normal(rows, width);
        HostTensor dy = draw.normal(rows, width);
        HostTensor gamma = draw.normal(width);
        HostTensor mean = draw.normal(rows);
        HostTensor rstd = draw.positive(rows);
        HostTensor labels = draw.integers(width, rows);
        HostTensor table = draw.normal(5, width);
        HostTensor indices = draw.integers(5, rows);
        List<OpCase> cases = new ArrayList<>();
        cases.add(new OpCase(new Softmax(), List.of(x)));
        cases.add(new OpCase(new SoftmaxGrad(), List.of(x, dy)));
        cases.add(new OpCase(new LayerNorm(1e-5), List.of(x, gamma, gamma)));
        cases.add(new OpCase(new LayerNormGrad(), List.of(dy, x, gamma, mean, rstd)));
        cases.add(new OpCase(new RmsNorm(1e-5), List.of(x, gamma)));
        cases.add(new OpCase(new RmsNormGrad(), List.of(dy, x, gamma, rstd)));
        cases.add(new OpCase(new CrossEntropy(), List.of(x, labels)));
        cases.add(new OpCase(
                new CrossEntropyGrad(new ShardOffset(2, List.of(), 0)), List.of(mean, x, labels, draw.positive(rows))));
        cases.add(new OpCase(new GatherRows(ShardOffset.ZERO), List.of(table, indices)));
        cases.add(new OpCase(new GatherRows(new ShardOffset(3, List.of(), 0)), List.of(table, indices)));
        cases.add(new OpCase(new ScatterAddRows(5, ShardOffset.ZERO), List.of(indices, x)));
        cases.add(new OpCase(new ScatterAddRows(2, new ShardOffset(2, List.of(), 0)), List.of(indices, x)));
        for (Activation activation : Activation.values()) {
            cases.add(new OpCase(new Activate(activation), List.of(x)));
            cases.add(new OpCase(new ActivateGrad(activation), List.of(x, dy)));
        }
        HostTensor rate = HostTensor.scalar(0.01);
        cases.add(new OpCase(
                new AdamW(0.9, 0.999, 1e-8, 0.1), List.of(x, dy, dy, draw.positive(rows, width), rate, rate, rate)));
        cases.add(new OpCase(new Slice(List.of(0L, width / 2L), List.of((long) rows, 1L)), List.of(x)));
        cases.add(new OpCase(new Pad(List.of(1L, 2L), List.of(0L, 1L), 0), List.of(x)));
        cases.add(new OpCase(new Concat(1), List.of(x, mean(rows, draw), dy)));
        cases.add(new OpCase(new Transpose(List.of(1, 0)), List.of(x)));
        cases.add(new OpCase(new Transpose(List.of(1, 0, 2)), List.of(draw.normal(rows, 3, width))));
        for (Reduction kind : Reduction.values()) {
            cases.add(new OpCase(new Reduce(kind, List.of(0)), List.of(x)));
            cases.add(new OpCase(new Reduce(kind, List.of(1)), List.of(x)));
            cases.add(new OpCase(new Reduce(kind, List.of(0, 1)), List.of(x)));
        }
        cases.addAll(elementwiseCases(x, gamma, draw.positive(rows, width)));
        cases.add(new OpCase(new Binary(BinaryKind.MUL), List.of(x, mean(rows, draw))));
        return cases;
    }

    private static List<OpCase> elementwiseCases(HostTensor x, HostTensor row, HostTensor positive) {
        List<OpCase> cases = new ArrayList<>();
        for (BinaryKind kind : BinaryKind.values()) {
            cases.add(new OpCase(new Binary(kind), List.of(positive, positive)));
            cases.add(new OpCase(new ScalarBinary(kind, 0.7, false), List.of(positive)));
            cases.add(new OpCase(new ScalarBinary(kind, 0.7, true), List.of(positive)));
        }
        for (BinaryKind kind : List.of(BinaryKind.ADD, BinaryKind.SUB, BinaryKind.MAX, BinaryKind.MIN)) {
            cases.add(new OpCase(new Binary(kind), List.of(x, row)));
            cases.add(new OpCase(new Binary(kind), List.of(HostTensor.scalar(0.3), x)));
        }
        for (Unary.Kind kind : Unary.Kind.values()) {
            cases.add(new OpCase(new Unary(kind), List.of(positive)));
        }
        cases.add(new OpCase(new AddN(), List.of(x, positive, x)));
        cases.add(new OpCase(new Fill(x.type(), -1.5), List.of()));
        cases.add(new OpCase(new BroadcastTo(x.type().shape()), List.of(row)));
        return cases;
    }

    private static HostTensor mean(int rows, Draw draw) {
        return draw.normal(rows, 1);
    }

    @Test
    void rowsOfAnyLengthAreRight() {
        for (int width : new int[] {1, 3, 15, 16, 17, 33, 64, 1000}) {
            rowCases(7, width).forEach(KernelShapesTest::check);
        }
    }

    @Test
    void tensorsOfManyBlocksAreRight() {
        rowCases(1200, 96).forEach(KernelShapesTest::check);
    }

    @Test
    void oneRowLongerThanABlockIsRight() {
        rowCases(1, 40_001).forEach(KernelShapesTest::check);
    }

    @Test
    void resultsDoNotDependOnTheNumberOfThreads() {
        Nd4jBackend alone = new Nd4jBackend(1);
        List<OpCase> cases = new ArrayList<>(rowCases(700, 96));
        Lstm lstm = new Lstm(Activation.TANH, Activation.SIGMOID, true, true, false);
        cases.add(RecurrentCases.lstm(lstm, new Draw(13), 37, 4, 33));
        cases.add(RecurrentCases.lstmGrad(lstm, true, new Draw(13), 37, 4, 33));
        for (OpCase example : cases) {
            OpCase typed = TypedCases.toFloat32(example);
            List<HostTensor> one = KernelRun.run(alone, alone.kernels(), typed.op(), typed.operands());
            List<HostTensor> two = KernelRun.run(BACKEND, BACKEND.kernels(), typed.op(), typed.operands());
            for (int i = 0; i < one.size(); i++) {
                assertThat(two.get(i).data())
                        .as(typed.op().toString())
                        .isEqualTo(one.get(i).data());
            }
        }
    }

    /** Also of several blocks, of blocks with the same keys, and of more heads than are worked on at once. */
    @Test
    void attentionOfManyHeadsIsRight() {
        Draw draw = new Draw(5);
        long[][] shapes = {
            {3, 7, 33, 8}, {1, 1, 64, 16}, {2, 2, 1, 4}, {1, 2, 150, 24}, {1, 1, 600, 8}, {2, 10, 70, 3}, {1, 1, 128, 1}
        };
        for (long[] dims : shapes) {
            HostTensor q = draw.normal(dims);
            HostTensor k = draw.normal(dims);
            HostTensor v = draw.normal(dims);
            OpCase forward = new OpCase(new Attention(0.3), List.of(q, k, v));
            check(forward);
            // With the true results the only query of a head has no gradient.
            HostTensor out =
                    dims[2] == 1 ? draw.normal(dims) : forward.results().get(0);
            check(new OpCase(
                    new AttentionGrad(0.3),
                    List.of(draw.normal(dims), q, k, v, out, forward.results().get(1))));
        }
    }

    @Test
    void einsumsOfOddSizesAreRight() {
        Draw draw = new Draw(6);
        for (String equation : List.of("ik,kj->ij", "ki,kj->ij", "ik,jk->ij", "ki,jk->ij", "ik,kj->ji", "ki,jk->ji")) {
            for (long[] sizes : new long[][] {{1, 1, 1}, {1, 33, 7}, {33, 1, 7}, {33, 7, 1}, {65, 33, 17}}) {
                check(new OpCase(new Einsum(equation), operands(equation, sizes, draw, new long[0])));
            }
        }
        for (String equation : List.of("bik,bkj->bij", "bki,bkj->bij", "bik,bjk->bij", "bki,bjk->bji")) {
            for (long[] sizes : new long[][] {{3, 5, 2}, {40, 50, 60}}) {
                check(new OpCase(new Einsum(equation), operands(equation, sizes, draw, new long[] {3})));
            }
        }
    }

    private static List<HostTensor> operands(String equation, long[] sizes, Draw draw, long[] batch) {
        String[] sides = equation.substring(0, equation.indexOf('-')).split(",");
        return Arrays.stream(sides)
                .map(side -> draw.normal(side.chars()
                        .mapToLong(letter -> letter == 'b' ? batch[0] : sizes["ijk".indexOf(letter)])
                        .toArray()))
                .toList();
    }

    @Test
    void shardsThatBeginElsewhereAreRight() {
        Draw draw = new Draw(7);
        ShardOffset three = new ShardOffset(3, List.of(), 0);
        check(new OpCase(new Rotary(100, false, three), List.of(draw.normal(2, 5, 6))));
        check(new OpCase(new Iota(Draw.floats(2, 5, 3), 1, three), List.of()));
        check(new OpCase(
                new RandomUniform(Draw.floats(2, 5), 9, 1, shape(7, 11), List.of(three, three)),
                List.of(draw.integers(50))));
    }

    @Test
    void extremeValuesDoNotOverflow() {
        for (DType dtype : new DType[] {DType.FLOAT32, DType.FLOAT64}) {
            TensorType type = new TensorType(dtype, shape(1, 20));
            HostTensor x = HostTensor.generate(type, i -> (i % 2 == 0 ? 1 : -1) * Math.pow(10, Math.floor(i / 3.0)));
            HostTensor dy = HostTensor.generate(type, i -> i + 1);
            List<OpCase> cases = new ArrayList<>(List.of(new OpCase(new Softmax(), List.of(x))));
            for (Activation activation : Activation.values()) {
                cases.add(new OpCase(new Activate(activation), List.of(x)));
                cases.add(new OpCase(new ActivateGrad(activation), List.of(x, dy)));
            }
            for (OpCase example : cases) {
                KernelChecks.assertMatchesReference(BACKEND, BACKEND.kernels(), example, List.of());
                KernelChecks.assertMatchesReference(BACKEND, ND4J_ALONE, example, List.of());
            }
        }
    }

    /** A loss that is no number has to be seen, whatever it is limited to on the way. */
    @Test
    void whatIsNoNumberStaysSo() {
        TensorType type = new TensorType(DType.FLOAT32, shape(40));
        HostTensor x = HostTensor.generate(type, i -> i % 3 == 0 ? Double.NaN : i % 3 == 1 ? 1 : -1e30);
        for (BinaryKind kind : BinaryKind.values()) {
            for (boolean reversed : new boolean[] {false, true}) {
                ScalarBinary op = new ScalarBinary(kind, -5, reversed);
                double[] results = KernelRun.run(BACKEND, BACKEND.kernels(), op, List.of(x))
                        .get(0)
                        .data();
                for (int i = 0; i < results.length; i += 3) {
                    assertThat(results[i]).as(op.toString()).isNaN();
                }
            }
        }
    }

    @Test
    void recurrencesOfManySamplesAreRight() {
        Draw draw = new Draw(10);
        for (long[] sizes : new long[][] {{37, 3, 33}, {16, 2, 64}, {1, 20, 5}}) {
            for (boolean flag : new boolean[] {false, true}) {
                Lstm lstm = new Lstm(Activation.TANH, Activation.SIGMOID, flag, flag, flag);
                check(RecurrentCases.lstm(lstm, draw, sizes[0], sizes[1], sizes[2]));
                check(RecurrentCases.lstmGrad(lstm, flag, draw, sizes[0], sizes[1], sizes[2]));
                SimpleRnn simple = new SimpleRnn(Activation.TANH, flag, flag);
                check(RecurrentCases.simpleRnn(simple, draw, sizes[0], sizes[1], sizes[2]));
                check(RecurrentCases.simpleRnnGrad(simple, draw, sizes[0], sizes[1], sizes[2]));
            }
        }
    }

    @Test
    void anyActivationMayBeInARecurrence() {
        Draw draw = new Draw(11);
        for (Activation activation : Activation.values()) {
            // One step, because cubes of cubes soon are larger than a float.
            for (Lstm lstm : List.of(Lstm.of(activation, Activation.SIGMOID), Lstm.of(Activation.TANH, activation))) {
                check(RecurrentCases.lstm(lstm, draw, 3, 1, 9));
                check(RecurrentCases.lstmGrad(lstm, true, draw, 3, 1, 9));
            }
        }
    }

    @Test
    void recurrencesWithoutSamplesAreNoTrouble() {
        Draw draw = new Draw(12);
        Lstm lstm = new Lstm(Activation.TANH, Activation.SIGMOID, true, true, false);
        check(RecurrentCases.lstm(lstm, draw, 0, 2, 3));
        check(RecurrentCases.lstmGrad(lstm, true, draw, 0, 2, 3));
        SimpleRnn simple = new SimpleRnn(Activation.TANH, true, false);
        check(RecurrentCases.simpleRnn(simple, draw, 0, 2, 3));
        check(RecurrentCases.simpleRnnGrad(simple, draw, 0, 2, 3));
    }

    @Test
    void tensorsWithoutElementsAreNoTrouble() {
        Draw draw = new Draw(8);
        HostTensor none = draw.normal(0, 3);
        check(new OpCase(new Binary(BinaryKind.ADD), List.of(none, draw.normal(3))));
        check(new OpCase(new Softmax(), List.of(none)));
        check(new OpCase(new Reduce(Reduction.SUM, List.of(0)), List.of(none)));
        check(new OpCase(new Concat(0), List.of(none, draw.normal(2, 3))));
        check(new OpCase(new Pad(List.of(1L, 0L), List.of(1L, 0L), 0), List.of(none)));
        check(new OpCase(new Einsum("ki,kj->ij"), List.of(none, draw.normal(0, 2))));
        check(new OpCase(
                new ScatterAddRows(4, ShardOffset.ZERO), List.of(draw.integers(4, new long[] {0}), draw.normal(0, 3))));
        check(new OpCase(new LayerNormGrad(), List.of(none, none, draw.normal(3), draw.normal(0), draw.normal(0))));
    }

    @Test
    void severalDeviceThreadsAtOnceGetTheSameResults() throws Exception {
        List<OpCase> cases = new ArrayList<>(rowCases(300, 64));
        Draw draw = new Draw(9);
        cases.add(new OpCase(new Einsum("ik,kj->ij"), List.of(draw.normal(96, 64), draw.normal(64, 128))));
        cases.add(new OpCase(
                new Attention(0.3),
                List.of(draw.normal(2, 4, 32, 8), draw.normal(2, 4, 32, 8), draw.normal(2, 4, 32, 8))));
        Lstm lstm = new Lstm(Activation.TANH, Activation.SIGMOID, true, true, false);
        cases.add(RecurrentCases.lstm(lstm, draw, 37, 4, 33));
        cases.add(RecurrentCases.lstmGrad(lstm, true, draw, 37, 4, 33));
        List<OpCase> typed = cases.stream().map(TypedCases::toFloat32).toList();
        List<Throwable> failures = java.util.Collections.synchronizedList(new ArrayList<>());
        List<Thread> threads = IntStream.range(0, 4)
                .mapToObj(rank -> new Thread(() -> {
                    try {
                        BACKEND.device(0).attachThread();
                        typed.forEach(example ->
                                KernelChecks.assertMatchesReference(BACKEND, BACKEND.kernels(), example, List.of()));
                    } catch (Throwable thrown) {
                        failures.add(thrown);
                    }
                }))
                .toList();
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
    }

    @Test
    void scratchThatWasNotDeclaredIsRefused() {
        Shape shape = shape(1024);
        assertThat(BACKEND.kernels().scratchBytes(new Softmax(), List.of(new TensorType(DType.FLOAT32, shape))))
                .isZero();
        assertThat(ND4J_ALONE.scratchBytes(new Softmax(), List.of(new TensorType(DType.FLOAT32, shape))))
                .isGreaterThanOrEqualTo(4096);
    }
}
