package dev.tartan.backend.cuda;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.Op;
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
import dev.tartan.op.NormPool2d;
import dev.tartan.op.NormPool2dGrad;
import dev.tartan.op.Window;
import dev.tartan.op.Window2d;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.OpCase;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Convolutions and poolings of odd sizes, in chunks of samples and not. */
class ImageOpsTest {
    private static final int SAMPLES = 5;
    private static final int IN = 3;
    private static final int OUT = 7;
    private static final int HEIGHT = 17;
    private static final int WIDTH = 13;
    private static final int MULTIPLIER = 3;
    private static final Window2d WINDOW = new Window2d(new Window(3, 2, 2, 1, 3), new Window(5, 3, 1, 2, 0));
    private static final Window2d POINT = Window2d.square(1, 1, 0);

    @BeforeAll
    static void requireHostCuda() {
        HostCuda.require();
    }

    private static HostTensor images(CudaType type) {
        return Inputs.normal(type, 1, SAMPLES, IN, HEIGHT, WIDTH);
    }

    private static HostTensor positions(CudaType type, Window2d window, int channels) {
        return Inputs.normal(
                type,
                2,
                SAMPLES,
                channels,
                window.height().positions(HEIGHT),
                window.width().positions(WIDTH));
    }

    private static long size(Window2d window, boolean height) {
        return (height ? window.height() : window.width()).size();
    }

    private static HostTensor filters(CudaType type, Window2d window) {
        return Inputs.normal(type, 3, OUT, IN, size(window, true), size(window, false));
    }

    /** 1, 2 and 5 samples at once, where 5 samples are 2, 2 and 1. */
    @ParameterizedTest
    @EnumSource(
            value = CudaType.class,
            names = {"FLOAT32", "BFLOAT16"})
    void chunksOfSamplesGiveTheTruth(CudaType type) {
        for (Window2d window : List.of(WINDOW, POINT)) {
            HostTensor x = images(type);
            HostTensor y = positions(type, window, OUT);
            HostTensor filters = filters(type, window);
            long elements = (long) window.numElements() * IN * y.data().length / SAMPLES / OUT;
            long columns = elements * type.bytes();
            long withOrdered = columns + (long) y.data().length / SAMPLES * type.bytes();
            for (int atOnce : new int[] {1, 2, SAMPLES}) {
                int chunks = (SAMPLES + atOnce - 1) / atOnce;
                // A pointwise window has no columns to be done in chunks.
                int steps = window.isPointwise() ? 1 : chunks;
                check(type, new Conv2d(window), steps, new Convolutions(atOnce * columns).forward(), x, filters);
                check(
                        type,
                        new ConvTranspose2d(window, HEIGHT, WIDTH),
                        steps,
                        new Convolutions(atOnce * elements * Float.BYTES).transposed(),
                        y,
                        filters);
                check(
                        type,
                        new Conv2dFilterGrad(window),
                        chunks,
                        new Convolutions(atOnce * withOrdered).filterGrad(),
                        x,
                        y);
            }
        }
    }

    @Test
    void scratchMemoryIsBounded() {
        DeviceTensor x = new DeviceTensor(CudaType.FLOAT32, shape(4096, 64, 56, 56), 0);
        DeviceTensor filters = new DeviceTensor(CudaType.FLOAT32, shape(64, 64, 3, 3), 0);
        Window2d window = Window2d.square(3, 1, 1);
        // Columns of all samples would be 29 GB.
        long workspace = 32L << 20;
        long columns = 64L << 20;
        assertThat(new Convolutions().forward().scratchBytes(new Conv2d(window), List.of(x, filters)))
                .isBetween(workspace + columns / 2, workspace + columns + 64);
        assertThat(new Convolutions().forward().scratchBytes(new Conv2d(POINT), List.of(x, filters)))
                .isEqualTo(workspace + 64);
        assertThat(new Convolutions().filterGrad().scratchBytes(new Conv2dFilterGrad(window), List.of(x, x)))
                .isLessThan(workspace + columns + 128);
        assertThat(new Convolutions()
                        .transposed()
                        .scratchBytes(new ConvTranspose2d(window, 56, 56), List.of(x, filters)))
                .isLessThan(workspace + columns + 128);
    }

    @Test
    void sumsOfNothingAreZero() {
        HostTensor x = Inputs.normal(CudaType.FLOAT32, 1, 2, 0, 4, 4);
        HostTensor filters = Inputs.normal(CudaType.FLOAT32, 1, 3, 0, 1, 1);
        check(CudaType.FLOAT32, new Conv2d(POINT), 0, new Convolutions().forward(), x, filters);
        HostTensor none = Inputs.normal(CudaType.FLOAT32, 1, 0, 2, 4, 4);
        check(CudaType.FLOAT32, new Conv2dFilterGrad(POINT), 0, new Convolutions().filterGrad(), none, none);
        checkInTable(CudaType.FLOAT32, new DepthwiseConv2dFilterGrad(POINT), none, none);
    }

    /** Depthwise sums over more positions than a block has threads. */
    @ParameterizedTest
    @EnumSource(
            value = CudaType.class,
            names = {"FLOAT32", "BFLOAT16"})
    void depthwiseConvolutionsGiveTheTruth(CudaType type) {
        for (Window2d window : List.of(WINDOW, POINT)) {
            HostTensor x = images(type);
            HostTensor y = positions(type, window, IN * MULTIPLIER);
            HostTensor filters = Inputs.normal(type, 3, size(window, true), size(window, false), IN, MULTIPLIER);
            checkInTable(type, new DepthwiseConv2d(window), x, filters);
            checkInTable(type, new DepthwiseConvTranspose2d(window, HEIGHT, WIDTH), y, filters);
            checkInTable(type, new DepthwiseConv2dFilterGrad(window), x, y);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = CudaType.class,
            names = {"FLOAT32", "BFLOAT16"})
    void poolingsGiveTheTruth(CudaType type) {
        for (Window2d window : List.of(WINDOW, POINT)) {
            HostTensor x = images(type);
            HostTensor dy = positions(type, window, IN);
            checkInTable(type, new MaxPool2d(window), x);
            checkInTable(type, new MaxPool2dGrad(window), dy, x);
            for (boolean countsPadding : new boolean[] {false, true}) {
                checkInTable(type, new AveragePool2d(window, countsPadding), x);
                checkInTable(type, new AveragePool2dGrad(window, countsPadding, HEIGHT, WIDTH), dy);
            }
            HostTensor y =
                    new OpCase(new NormPool2d(window, 3), List.of(x)).results().get(0);
            checkInTable(type, new NormPool2d(window, 3), x);
            checkInTable(type, new NormPool2dGrad(window, 3), dy, x, y);
        }
    }

    @Test
    void theFirstOfEqualElementsHasTheGradient() {
        HostTensor x = HostTensor.of(shape(1, 1, 3, 3), 1, 2, 2, 2, 2, 1, 0, 1, 2);
        HostTensor dy = HostTensor.of(shape(1, 1, 2, 2), 1, 10, 100, 1000);
        assertThat(run(new MaxPool2dGrad(Window2d.square(2, 1, 0)), dy, x))
                .containsExactly(0, 11, 0, 100, 1000, 0, 0, 0, 0);
        HostTensor lowest = Inputs.normal(CudaType.FLOAT32, 1, 1, 1, 3, 3);
        Arrays.fill(lowest.data(), Double.NEGATIVE_INFINITY);
        assertThat(run(new MaxPool2dGrad(Window2d.square(2, 1, 0)), dy, lowest))
                .containsExactly(1, 10, 0, 100, 1000, 0, 0, 0, 0);
    }

    /** Whichever place it has in its window; other windows have none of it. */
    @Test
    void nanIsTheLargestElement() {
        Window2d window = Window2d.square(2, 2, 0);
        for (int at : new int[] {0, 1, 4, 5}) {
            HostTensor x = Inputs.normal(CudaType.FLOAT32, 1, 1, 1, 4, 4);
            x.data()[at] = Double.NaN;
            double[] y = run(new MaxPool2d(window), x);
            assertThat(y[0]).isNaN();
            assertThat(Arrays.copyOfRange(y, 1, 4)).doesNotContain(Double.NaN);
            double[] dx = run(new MaxPool2dGrad(window), HostTensor.of(shape(1, 1, 2, 2), 5, 0, 0, 0), x);
            for (int i = 0; i < dx.length; i++) {
                assertThat(dx[i]).isEqualTo(i == at ? 5 : 0);
            }
        }
    }

    private static double[] run(Op op, HostTensor... operands) {
        try (OpRun run = new OpRun(op, List.of(operands), CudaType.FLOAT32, 0, -1)) {
            return run.run(1).get(0);
        }
    }

    private static void checkInTable(CudaType type, Op op, HostTensor... operands) {
        check(type, op, 0, CudaOps::find, operands);
    }

    // The launches are of the op's type.
    @SuppressWarnings("unchecked")
    private static void check(CudaType type, Op op, long numProducts, OpLaunches<?> launches, HostTensor... operands) {
        check(type, op, numProducts, (any, types) -> (OpLaunches<Op>) launches, operands);
    }

    private static void check(
            CudaType type,
            Op op,
            long numProducts,
            BiFunction<Op, List<DeviceTensor>, OpLaunches<Op>> makers,
            HostTensor... operands) {
        for (int shift : new int[] {0, 1}) {
            List<CudaType> types = Collections.nCopies(operands.length, type);
            try (OpRun run = new OpRun(op, List.of(operands), types, type, shift, -1, makers)) {
                assertThat(run.numProducts()).as("products of %s", run).isEqualTo(numProducts);
                OpsMatchReferenceTest.check(run, shift);
                double[] first = run.run(1).get(0);
                assertThat(run.run(2).get(0)).as("%s, again", run).isEqualTo(first);
            }
        }
    }
}
