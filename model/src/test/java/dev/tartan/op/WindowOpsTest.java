package dev.tartan.op;

import static dev.tartan.mesh.Shape.shape;
import static dev.tartan.op.reference.Draw.floats;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Convolutions and poolings on numbers worked out by hand, and what they refuse. */
class WindowOpsTest {
    private static final String SQUARE_2 = "2x2 stride=1x1 dilation=1x1 low=0x0 high=0x0";

    private final HostTensor image = HostTensor.of(shape(1, 1, 3, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9);

    @Test
    void convolutionDoesNotTurnItsFilters() {
        HostTensor filter = HostTensor.of(shape(1, 1, 2, 2), 1, 10, 100, 1000);
        assertThat(run(new Conv2d(Window2d.square(2, 1, 0)), image, filter))
                .isEqualTo(text(1, 1, 2, 2, 5421, 6532, 8754, 9865));
    }

    @Test
    void transposedConvolutionHasTheSizesOfDl4j() {
        TensorType x = floats(2, 3, 4, 5);
        TensorType filters = floats(3, 7, 3, 3);
        Window truncate = Window.padded(3, 2, 1, 0);
        assertThat(resultShape(
                        new ConvTranspose2d(
                                new Window2d(truncate, truncate),
                                truncate.fewestElements(4),
                                truncate.fewestElements(5)),
                        x,
                        filters))
                .isEqualTo("[2, 7, 9, 11]");
        assertThat(resultShape(
                        new ConvTranspose2d(new Window2d(Window.same(8, 3, 2, 1), Window.same(10, 3, 2, 1)), 8, 10),
                        x,
                        filters))
                .isEqualTo("[2, 7, 8, 10]");
    }

    @Test
    void transposedConvolutionPlacesFilters() {
        HostTensor y = HostTensor.of(shape(1, 1, 1, 2), 1, 2);
        HostTensor filter = HostTensor.of(shape(1, 1, 1, 3), 1, 10, 100);
        Window2d window = new Window2d(Window.ONE, Window.padded(3, 2, 1, 0));
        assertThat(run(new ConvTranspose2d(window, 1, 5), y, filter)).isEqualTo(text(1, 1, 1, 5, 1, 10, 102, 20, 200));
        assertThat(run(new ConvTranspose2d(window, 1, 6), y, filter))
                .isEqualTo(text(1, 1, 1, 6, 1, 10, 102, 20, 200, 0));
    }

    @Test
    void depthwiseChannelsFollowTheirInputChannel() {
        HostTensor x = HostTensor.of(shape(1, 2, 1, 1), 1, 2);
        HostTensor filters = HostTensor.of(shape(1, 1, 2, 3), 1, 10, 100, 3, 30, 300);
        assertThat(run(new DepthwiseConv2d(Window2d.square(1, 1, 0)), x, filters))
                .isEqualTo(text(1, 6, 1, 1, 1, 10, 100, 6, 60, 600));
    }

    @Test
    void averagesCountPaddingOnlyIfAsked() {
        Window2d window = Window2d.square(2, 2, 1);
        assertThat(run(new AveragePool2d(window, false), image)).isEqualTo(text(1, 1, 2, 2, 1, 2.5, 5.5, 7));
        assertThat(run(new AveragePool2d(window, true), image)).isEqualTo(text(1, 1, 2, 2, 0.25, 1.25, 2.75, 7));
    }

    @Test
    void paddingIsNeverTheLargest() {
        HostTensor negative = HostTensor.of(shape(1, 1, 1, 2), -3, -1);
        assertThat(run(new MaxPool2d(Window2d.square(3, 1, 1)), negative)).isEqualTo(text(1, 1, 1, 2, -1, -1));
    }

    @Test
    void normOfAWindowOfZerosHasNoGradient() {
        HostTensor zeros = HostTensor.of(shape(1, 1, 1, 4), 0, 0, 3, 4);
        Window2d window = new Window2d(Window.ONE, Window.padded(2, 2, 1, 0));
        HostTensor norms = HostTensor.of(shape(1, 1, 1, 2), 0, 5);
        HostTensor dy = HostTensor.of(shape(1, 1, 1, 2), 7, 10);
        assertThat(run(new NormPool2d(window, 2), zeros)).isEqualTo(norms.toString());
        assertThat(run(new NormPool2dGrad(window, 2), dy, zeros, norms)).isEqualTo(text(1, 1, 1, 4, 0, 0, 6, 8));
    }

    @Test
    void misfitsNameTheOpAndTheTypes() {
        Window2d window = Window2d.square(2, 1, 0);
        TensorType x = floats(2, 3, 4, 4);
        assertRefused(
                new Conv2d(window),
                "conv2d " + SQUARE_2
                        + " needs filters with the images' channels: operands=[f64[2, 3, 4, 4], f64[5, 4, 2, 2]].",
                x,
                floats(5, 4, 2, 2));
        assertRefused(
                new Conv2d(window),
                "conv2d " + SQUARE_2
                        + " needs filters [out, in, height, width] as large as its window: operands=[f64[5, 3, 3, 2]].",
                x,
                floats(5, 3, 3, 2));
        assertRefused(
                new Conv2d(window),
                "conv2d " + SQUARE_2 + " needs images that its window fits on: operands=[f64[2, 3, 4, 1]].",
                floats(2, 3, 4, 1),
                floats(5, 3, 2, 2));
        assertRefused(
                new MaxPool2d(window),
                "max_pool2d " + SQUARE_2 + " needs images [n, channels, height, width]: operands=[f64[4, 4]].",
                floats(4, 4));
        assertRefused(
                new ConvTranspose2d(window, 4, 4),
                "conv_transpose2d " + SQUARE_2 + " to=4x4 needs as many positions as its window has on the images:"
                        + " operands=[f64[2, 5, 3, 4]].",
                floats(2, 5, 3, 4),
                floats(5, 3, 2, 2));
        assertRefused(
                new Conv2dFilterGrad(window),
                "conv2d_filter_grad " + SQUARE_2
                        + " needs as many samples in both operands: operands=[f64[2, 3, 4, 4], f64[1, 5, 3, 3]].",
                x,
                floats(1, 5, 3, 3));
        assertRefused(
                new DepthwiseConv2d(window),
                "depthwise_conv2d " + SQUARE_2 + " needs filters [height, width, channels, multiplier] as large as its"
                        + " window: operands=[f64[3, 1, 2, 2]].",
                x,
                floats(3, 1, 2, 2));
        assertRefused(
                new DepthwiseConv2dFilterGrad(window),
                "depthwise_conv2d_filter_grad " + SQUARE_2 + " needs a multiple of its first operand's channels in the"
                        + " second: operands=[f64[2, 3, 4, 4], f64[2, 4, 3, 3]].",
                x,
                floats(2, 4, 3, 3));
        assertRefused(
                new AveragePool2d(Window2d.square(1, 1, 1), false),
                "average_pool2d 1x1 stride=1x1 dilation=1x1 low=1x1 high=1x1 has a window that covers nothing but"
                        + " padding: operands=[f64[2, 3, 4, 4]].",
                x);
        assertRefused(
                new MaxPool2dGrad(window),
                "max_pool2d_grad " + SQUARE_2
                        + " needs operands of one type: operands=[f64[2, 3, 4, 4], f64[2, 3, 3, 3]].",
                x,
                x);
    }

    private static void assertRefused(Op op, String message, TensorType... operands) {
        assertThatThrownBy(() -> op.resultTypes(List.of(operands)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    private static String resultShape(Op op, TensorType... operands) {
        return op.resultTypes(List.of(operands)).get(0).shape().toString();
    }

    private static String run(Op op, HostTensor... operands) {
        return ReferenceInterpreter.run(op, List.of(operands)).get(0).toString();
    }

    private static String text(long n, long c, long h, long w, double... data) {
        return HostTensor.of(shape(n, c, h, w), data).toString();
    }
}
