package dev.tartan.op.reference;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.AveragePool2d;
import dev.tartan.op.AveragePool2dGrad;
import dev.tartan.op.MaxPool2d;
import dev.tartan.op.MaxPool2dGrad;
import dev.tartan.op.NormPool2d;
import dev.tartan.op.NormPool2dGrad;
import dev.tartan.op.Window2d;
import java.util.ArrayList;
import java.util.List;

/** Poolings and their gradients, one window at a time. */
final class PoolReference {
    private PoolReference() {}

    static List<double[]> max(MaxPool2d op, List<HostTensor> in, List<TensorType> out) {
        double[] x = in.get(0).data();
        double[] y = new double[Math.toIntExact(out.get(0).shape().numElements())];
        forEachWindow(op.window(), in.get(0).shape(), (position, elements) -> y[position] = x[largest(x, elements)]);
        return List.of(y);
    }

    static List<double[]> maxGrad(MaxPool2dGrad op, List<HostTensor> in, List<TensorType> out) {
        double[] dy = in.get(0).data();
        double[] x = in.get(1).data();
        double[] dx = new double[x.length];
        forEachWindow(op.window(), in.get(1).shape(), (position, elements) -> dx[largest(x, elements)] += dy[position]);
        return List.of(dx);
    }

    private static int largest(double[] x, List<Integer> elements) {
        int largest = elements.get(0);
        for (int element : elements) {
            largest = x[element] > x[largest] ? element : largest;
        }
        return largest;
    }

    static List<double[]> average(AveragePool2d op, List<HostTensor> in, List<TensorType> out) {
        double[] x = in.get(0).data();
        double[] y = new double[Math.toIntExact(out.get(0).shape().numElements())];
        forEachWindow(op.window(), in.get(0).shape(), (position, elements) -> {
            for (int element : elements) {
                y[position] += x[element] / (op.countsPadding() ? op.window().numElements() : elements.size());
            }
        });
        return List.of(y);
    }

    static List<double[]> averageGrad(AveragePool2dGrad op, List<HostTensor> in, List<TensorType> out) {
        double[] dy = in.get(0).data();
        double[] dx = new double[Math.toIntExact(out.get(0).shape().numElements())];
        forEachWindow(op.window(), out.get(0).shape(), (position, elements) -> {
            for (int element : elements) {
                dx[element] += dy[position] / (op.countsPadding() ? op.window().numElements() : elements.size());
            }
        });
        return List.of(dx);
    }

    static List<double[]> norm(NormPool2d op, List<HostTensor> in, List<TensorType> out) {
        double[] x = in.get(0).data();
        double[] y = new double[Math.toIntExact(out.get(0).shape().numElements())];
        forEachWindow(op.window(), in.get(0).shape(), (position, elements) -> {
            double sum = 0;
            for (int element : elements) {
                sum += Math.pow(Math.abs(x[element]), op.power());
            }
            y[position] = Math.pow(sum, 1.0 / op.power());
        });
        return List.of(y);
    }

    static List<double[]> normGrad(NormPool2dGrad op, List<HostTensor> in, List<TensorType> out) {
        double[] dy = in.get(0).data();
        double[] x = in.get(1).data();
        double[] y = in.get(2).data();
        double[] dx = new double[x.length];
        forEachWindow(op.window(), in.get(1).shape(), (position, elements) -> {
            for (int element : elements) {
                double share = Math.pow(Math.abs(x[element]) / y[position], op.power() - 1) * Math.signum(x[element]);
                dx[element] += y[position] == 0 ? 0 : dy[position] * share;
            }
        });
        return List.of(dx);
    }

    /** A window's place among the results, and the places of its elements in the images in row-major order. */
    private interface Visit {
        void window(int position, List<Integer> elements);
    }

    private static void forEachWindow(Window2d window, Shape images, Visit visit) {
        int planes = Math.toIntExact(images.dim(0) * images.dim(1));
        int height = Math.toIntExact(images.dim(2));
        int width = Math.toIntExact(images.dim(3));
        int position = 0;
        for (int plane = 0; plane < planes; plane++) {
            for (int p = 0; p < window.height().positions(height); p++) {
                for (int q = 0; q < window.width().positions(width); q++) {
                    List<Integer> elements = new ArrayList<>();
                    for (int k = 0; k < window.height().size(); k++) {
                        for (int l = 0; l < window.width().size(); l++) {
                            int row = p * window.height().stride()
                                    - window.height().low()
                                    + k * window.height().dilation();
                            int column = q * window.width().stride()
                                    - window.width().low()
                                    + l * window.width().dilation();
                            if (row >= 0 && row < height && column >= 0 && column < width) {
                                elements.add((plane * height + row) * width + column);
                            }
                        }
                    }
                    visit.window(position++, elements);
                }
            }
        }
    }
}
