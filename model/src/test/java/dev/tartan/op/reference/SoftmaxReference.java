package dev.tartan.op.reference;

import static dev.tartan.op.reference.ReferenceInterpreter.known;

import dev.tartan.graph.TensorType;
import dev.tartan.op.CrossEntropy;
import dev.tartan.op.CrossEntropyGrad;
import dev.tartan.op.Softmax;
import dev.tartan.op.SoftmaxGrad;
import java.util.List;

/** Softmax and cross-entropy over the last dim, one row at a time. */
final class SoftmaxReference {
    private SoftmaxReference() {}

    static List<double[]> softmax(Softmax op, List<HostTensor> in, List<TensorType> out) {
        double[] x = in.get(0).data();
        int c = Math.toIntExact(in.get(0).shape().dim(-1));
        double[] y = new double[x.length];
        for (int r = 0; r < x.length / c; r++) {
            double logSumExp = logSumExp(x, r * c, c);
            for (int j = 0; j < c; j++) {
                y[r * c + j] = Math.exp(x[r * c + j] - logSumExp);
            }
        }
        return List.of(y);
    }

    static List<double[]> softmaxGrad(SoftmaxGrad op, List<HostTensor> in, List<TensorType> out) {
        double[] y = in.get(0).data();
        double[] dy = in.get(1).data();
        int c = Math.toIntExact(in.get(0).shape().dim(-1));
        double[] dx = new double[y.length];
        for (int r = 0; r < y.length / c; r++) {
            double product = 0;
            for (int j = 0; j < c; j++) {
                product += y[r * c + j] * dy[r * c + j];
            }
            for (int j = 0; j < c; j++) {
                dx[r * c + j] = y[r * c + j] * (dy[r * c + j] - product);
            }
        }
        return List.of(dx);
    }

    static List<double[]> crossEntropy(CrossEntropy op, List<HostTensor> in, List<TensorType> out) {
        double[] logits = in.get(0).data();
        double[] labels = in.get(1).data();
        int v = Math.toIntExact(in.get(0).shape().dim(-1));
        double[] loss = new double[labels.length];
        double[] logSumExp = new double[labels.length];
        for (int r = 0; r < labels.length; r++) {
            logSumExp[r] = logSumExp(logits, r * v, v);
            loss[r] = logSumExp[r] - logits[r * v + (int) labels[r]];
        }
        return List.of(loss, logSumExp);
    }

    static List<double[]> crossEntropyGrad(CrossEntropyGrad op, List<HostTensor> in, List<TensorType> out) {
        double[] dloss = in.get(0).data();
        double[] logits = in.get(1).data();
        double[] labels = in.get(2).data();
        double[] logSumExp = in.get(3).data();
        int v = Math.toIntExact(in.get(1).shape().dim(-1));
        double[] dlogits = new double[logits.length];
        for (int r = 0; r < labels.length; r++) {
            for (int j = 0; j < v; j++) {
                double hit = j + known(op.offset()) == (int) labels[r] ? 1 : 0;
                dlogits[r * v + j] = (Math.exp(logits[r * v + j] - logSumExp[r]) - hit) * dloss[r];
            }
        }
        return List.of(dlogits);
    }

    static double logSumExp(double[] x, int start, int size) {
        double max = Double.NEGATIVE_INFINITY;
        for (int j = start; j < start + size; j++) {
            max = Math.max(max, x[j]);
        }
        double sum = 0;
        for (int j = start; j < start + size; j++) {
            sum += Math.exp(x[j] - max);
        }
        return max + Math.log(sum);
    }
}
