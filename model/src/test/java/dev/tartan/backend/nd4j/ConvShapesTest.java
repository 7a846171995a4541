package dev.tartan.backend.nd4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.KernelLibrary;
import dev.tartan.op.AveragePool2d;
import dev.tartan.op.AveragePool2dGrad;
import dev.tartan.op.Conv2d;
import dev.tartan.op.Conv2dFilterGrad;
import dev.tartan.op.ConvTranspose2d;
import dev.tartan.op.DepthwiseConv2d;
import dev.tartan.op.DepthwiseConv2dFilterGrad;
import dev.tartan.op.DepthwiseConvTranspose2d;
import dev.tartan.op.MaxPool2d;
import dev.tartan.op.MaxPool2dGrad;
import dev.tartan.op.Window;
import dev.tartan.op.Window2d;
import dev.tartan.op.reference.Draw;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.OpCase;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Convolutions and poolings of sizes that the shared cases leave out: more positions than a block, more samples than
 * lanes, several samples in a block, long rows, no elements.
 */
class ConvShapesTest {
    private static final Nd4jBackend BACKEND = new Nd4jBackend(2);
    private static final KernelLibrary ND4J_ALONE = Nd4jKernels.primitives().build();

    @BeforeAll
    static void attach() {
        BACKEND.device(0).attachThread();
    }

    /** Convolutions with images [n, in, h, w] and their gradients. */
    private static List<OpCase> convolutions(Window2d window, long n, long in, long out, long h, long w) {
        Draw draw = new Draw(n + 7 * h + 31 * w);
        HostTensor x = draw.normal(n, in, h, w);
        HostTensor filters =
                draw.normal(out, in, window.height().size(), window.width().size());
        HostTensor dy =
                draw.normal(n, out, window.height().positions(h), window.width().positions(w));
        return List.of(
                new OpCase(new Conv2d(window), List.of(x, filters)),
                new OpCase(new ConvTranspose2d(window, h, w), List.of(dy, filters)),
                new OpCase(new Conv2dFilterGrad(window), List.of(x, dy)));
    }

    private static List<OpCase> depthwise(Window2d window, long n, long channels, long multiplier, long h, long w) {
        Draw draw = new Draw(n + 5 * h + 37 * w);
        HostTensor x = draw.normal(n, channels, h, w);
        HostTensor filters = draw.normal(window.height().size(), window.width().size(), channels, multiplier);
        HostTensor dy = draw.normal(
                n,
                channels * multiplier,
                window.height().positions(h),
                window.width().positions(w));
        return List.of(
                new OpCase(new DepthwiseConv2d(window), List.of(x, filters)),
                new OpCase(new DepthwiseConvTranspose2d(window, h, w), List.of(dy, filters)),
                new OpCase(new DepthwiseConv2dFilterGrad(window), List.of(x, dy)));
    }

    private static List<OpCase> poolings(Window2d window, long n, long channels, long h, long w) {
        Draw draw = new Draw(n + 3 * h + 41 * w);
        HostTensor x = draw.normal(n, channels, h, w);
        HostTensor dy = draw.normal(
                n, channels, window.height().positions(h), window.width().positions(w));
        return List.of(
                new OpCase(new MaxPool2d(window), List.of(x)),
                new OpCase(new MaxPool2dGrad(window), List.of(dy, x)),
                new OpCase(new AveragePool2d(window, false), List.of(x)),
                new OpCase(new AveragePool2dGrad(window, false, h, w), List.of(dy)));
    }

    private static void check(List<OpCase> cases) {
        for (OpCase example : cases) {
            for (OpCase typed : List.of(example, TypedCases.toFloat32(example))) {
                KernelChecks.assertMatchesReference(BACKEND, ND4J_ALONE, typed, List.of());
                KernelChecks.assertMatchesReference(BACKEND, BACKEND.kernels(), typed, List.of());
            }
        }
    }

    @Test
    void positionsOfManyBlocksAreRight() {
        check(convolutions(Window2d.square(3, 1, 1), 2, 3, 4, 40, 37));
        check(convolutions(Window2d.square(3, 2, 2), 2, 3, 4, 61, 50));
        check(convolutions(new Window2d(new Window(2, 1, 3, 0, 3), Window.same(35, 4, 1, 2)), 2, 2, 3, 40, 35));
    }

    @Test
    void rowsLongerThanABlockAreRight() {
        check(convolutions(new Window2d(Window.padded(2, 1, 1, 0), Window.padded(5, 1, 1, 2)), 1, 2, 3, 3, 1100));
        check(convolutions(Window2d.alongHeight(Window.same(1301, 3, 2, 2)), 2, 3, 2, 1301, 1));
    }

    @Test
    void manySmallSamplesAreRight() {
        check(convolutions(Window2d.square(3, 1, 0), 70, 3, 5, 6, 7));
        check(convolutions(Window2d.square(1, 1, 0), 70, 3, 5, 6, 7));
        check(depthwise(Window2d.square(3, 2, 1), 37, 3, 2, 6, 7));
        check(poolings(Window2d.square(2, 2, 0), 37, 3, 7, 6));
    }

    @Test
    void manyChannelsAreRight() {
        // The columns of one position have more elements than a block is to have of 128 positions.
        check(convolutions(Window2d.square(3, 1, 1), 1, 480, 2, 12, 13));
        check(depthwise(Window2d.square(3, 1, 1), 2, 40, 1, 12, 13));
    }

    @Test
    void planesOfManyElementsAreRight() {
        check(poolings(Window2d.square(3, 2, 1), 2, 2, 150, 170));
        check(poolings(Window2d.alongHeight(Window.padded(4, 3, 2, 2)), 3, 2, 5000, 1));
    }

    @Test
    void largestOfEqualElementsIsTheFirst() {
        HostTensor x = HostTensor.generate(Draw.floats(2, 3, 5, 6), i -> i % 4 < 3 ? 1 : 0);
        HostTensor dy = new Draw(3).normal(2, 3, 4, 5);
        check(List.of(new OpCase(new MaxPool2dGrad(Window2d.square(2, 1, 0)), List.of(dy, x))));
    }

    @Test
    void gradientOfTheFiltersWithoutSamplesIsZero() {
        Window2d window = Window2d.square(2, 1, 0);
        check(convolutions(window, 0, 2, 3, 4, 4));
        check(depthwise(window, 0, 2, 3, 4, 4));
    }

    @Test
    void noChannelsGiveZeros() {
        Draw draw = new Draw(4);
        Window2d window = Window2d.square(2, 1, 0);
        check(List.of(
                new OpCase(new Conv2d(window), List.of(draw.normal(2, 0, 3, 3), draw.normal(4, 0, 2, 2))),
                new OpCase(
                        new ConvTranspose2d(window, 3, 3), List.of(draw.normal(2, 0, 2, 2), draw.normal(0, 4, 2, 2)))));
    }

    @Test
    void resultsDoNotDependOnTheNumberOfThreads() {
        Nd4jBackend alone = new Nd4jBackend(1);
        List<OpCase> cases = new ArrayList<>(convolutions(Window2d.square(3, 1, 1), 5, 8, 16, 30, 31));
        cases.addAll(convolutions(Window2d.square(3, 1, 1), 40, 8, 16, 7, 7));
        cases.addAll(poolings(Window2d.square(3, 2, 1), 5, 8, 30, 31));
        for (OpCase example : cases) {
            OpCase typed = TypedCases.toFloat32(example);
            alone.device(0).attachThread();
            List<HostTensor> one = KernelRun.run(alone, alone.kernels(), typed.op(), typed.operands());
            BACKEND.device(0).attachThread();
            List<HostTensor> two = KernelRun.run(BACKEND, BACKEND.kernels(), typed.op(), typed.operands());
            assertThat(two.get(0).data())
                    .as(typed.op().toString())
                    .isEqualTo(one.get(0).data());
        }
    }
}
