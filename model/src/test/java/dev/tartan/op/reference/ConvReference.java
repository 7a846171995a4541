package dev.tartan.op.reference;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Conv2d;
import dev.tartan.op.Conv2dFilterGrad;
import dev.tartan.op.ConvTranspose2d;
import dev.tartan.op.DepthwiseConv2d;
import dev.tartan.op.DepthwiseConv2dFilterGrad;
import dev.tartan.op.DepthwiseConvTranspose2d;
import dev.tartan.op.Window2d;
import java.util.List;

/**
 * Convolutions and their gradients. All are sums of {@code x * filter} into {@code y}, with one of the three as the
 * result: the product of the other two is added to it.
 */
final class ConvReference {
    private ConvReference() {}

    static List<double[]> conv2d(Conv2d op, List<HostTensor> in, List<TensorType> out) {
        Sum sum = new Sum(
                op.window(), in.get(0).shape(), out.get(0).shape(), in.get(1).shape());
        double[] x = in.get(0).data();
        double[] filters = in.get(1).data();
        double[] y = new double[sum.y.length()];
        sum.full((i, f, o) -> y[o] += x[i] * filters[f]);
        return List.of(y);
    }

    static List<double[]> transpose2d(ConvTranspose2d op, List<HostTensor> in, List<TensorType> out) {
        Sum sum = new Sum(
                op.window(), out.get(0).shape(), in.get(0).shape(), in.get(1).shape());
        double[] y = in.get(0).data();
        double[] filters = in.get(1).data();
        double[] x = new double[sum.x.length()];
        sum.full((i, f, o) -> x[i] += y[o] * filters[f]);
        return List.of(x);
    }

    static List<double[]> filterGrad(Conv2dFilterGrad op, List<HostTensor> in, List<TensorType> out) {
        Sum sum = new Sum(
                op.window(), in.get(0).shape(), in.get(1).shape(), out.get(0).shape());
        double[] x = in.get(0).data();
        double[] dy = in.get(1).data();
        double[] filters = new double[sum.filters.length()];
        sum.full((i, f, o) -> filters[f] += x[i] * dy[o]);
        return List.of(filters);
    }

    static List<double[]> depthwise(DepthwiseConv2d op, List<HostTensor> in, List<TensorType> out) {
        Sum sum = new Sum(
                op.window(), in.get(0).shape(), out.get(0).shape(), in.get(1).shape());
        double[] x = in.get(0).data();
        double[] filters = in.get(1).data();
        double[] y = new double[sum.y.length()];
        sum.depthwise((i, f, o) -> y[o] += x[i] * filters[f]);
        return List.of(y);
    }

    static List<double[]> depthwiseTranspose(DepthwiseConvTranspose2d op, List<HostTensor> in, List<TensorType> out) {
        Sum sum = new Sum(
                op.window(), out.get(0).shape(), in.get(0).shape(), in.get(1).shape());
        double[] y = in.get(0).data();
        double[] filters = in.get(1).data();
        double[] x = new double[sum.x.length()];
        sum.depthwise((i, f, o) -> x[i] += y[o] * filters[f]);
        return List.of(x);
    }

    static List<double[]> depthwiseFilterGrad(DepthwiseConv2dFilterGrad op, List<HostTensor> in, List<TensorType> out) {
        Sum sum = new Sum(
                op.window(), in.get(0).shape(), in.get(1).shape(), out.get(0).shape());
        double[] x = in.get(0).data();
        double[] dy = in.get(1).data();
        double[] filters = new double[sum.filters.length()];
        sum.depthwise((i, f, o) -> filters[f] += x[i] * dy[o]);
        return List.of(filters);
    }

    /** One product: positions in the images, the filters and the values at the window's positions. */
    private interface Term {
        void add(int x, int filter, int y);
    }

    /** Row-major dims. */
    private record Dims(int a, int b, int c, int d) {
        static Dims of(Shape shape) {
            return new Dims(
                    Math.toIntExact(shape.dim(0)),
                    Math.toIntExact(shape.dim(1)),
                    Math.toIntExact(shape.dim(2)),
                    Math.toIntExact(shape.dim(3)));
        }

        int at(int i, int j, int k, int l) {
            return ((i * b + j) * c + k) * d + l;
        }

        int length() {
            return a * b * c * d;
        }
    }

    private static final class Sum {
        private final Window2d window;
        private final Dims x;
        private final Dims y;
        private final Dims filters;

        Sum(Window2d window, Shape x, Shape y, Shape filters) {
            this.window = window;
            this.x = Dims.of(x);
            this.y = Dims.of(y);
            this.filters = Dims.of(filters);
        }

        void full(Term term) {
            for (int n = 0; n < y.a; n++) {
                for (int o = 0; o < filters.a; o++) {
                    for (int i = 0; i < filters.b; i++) {
                        int[] c = {n, o, i};
                        forEachElement((p, q, k, l, row, column) -> term.add(
                                x.at(c[0], c[2], row, column), filters.at(c[1], c[2], k, l), y.at(c[0], c[1], p, q)));
                    }
                }
            }
        }

        void depthwise(Term term) {
            for (int n = 0; n < y.a; n++) {
                for (int channel = 0; channel < filters.c; channel++) {
                    for (int m = 0; m < filters.d; m++) {
                        int[] c = {n, channel, m};
                        forEachElement((p, q, k, l, row, column) -> term.add(
                                x.at(c[0], c[1], row, column),
                                filters.at(k, l, c[1], c[2]),
                                y.at(c[0], c[1] * filters.d + c[2], p, q)));
                    }
                }
            }
        }

        /** Element (k, l) of the window at position (p, q). */
        private interface Element {
            void visit(int p, int q, int k, int l, int row, int column);
        }

        private void forEachElement(Element element) {
            for (int p = 0; p < y.c; p++) {
                for (int q = 0; q < y.d; q++) {
                    for (int k = 0; k < window.height().size(); k++) {
                        for (int l = 0; l < window.width().size(); l++) {
                            int row = p * window.height().stride()
                                    - window.height().low()
                                    + k * window.height().dilation();
                            int column = q * window.width().stride()
                                    - window.width().low()
                                    + l * window.width().dilation();
                            if (row >= 0 && row < x.c && column >= 0 && column < x.d) {
                                element.visit(p, q, k, l, row, column);
                            }
                        }
                    }
                }
            }
        }
    }
}
