package dev.tartan.op.reference;

import static dev.tartan.op.reference.ReferenceInterpreter.known;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Attention;
import dev.tartan.op.AttentionGrad;
import dev.tartan.op.Rotary;
import java.util.List;

/** Causal attention and rotary positions, one head at a time. */
final class AttentionReference {
    private AttentionReference() {}

    static List<double[]> attention(Attention op, List<HostTensor> in, List<TensorType> out) {
        Shape shape = in.get(0).shape();
        int t = Math.toIntExact(shape.dim(2));
        int d = Math.toIntExact(shape.dim(3));
        double[] q = in.get(0).data();
        double[] k = in.get(1).data();
        double[] v = in.get(2).data();
        double[] y = new double[q.length];
        double[] logSums = new double[Math.toIntExact(out.get(1).shape().numElements())];
        for (int head = 0; head < shape.dim(0) * shape.dim(1); head++) {
            for (int i = 0; i < t; i++) {
                double[] scores = new double[i + 1];
                for (int j = 0; j <= i; j++) {
                    for (int x = 0; x < d; x++) {
                        scores[j] += op.scale() * q[(head * t + i) * d + x] * k[(head * t + j) * d + x];
                    }
                }
                double logSumExp = SoftmaxReference.logSumExp(scores, 0, i + 1);
                logSums[head * t + i] = logSumExp;
                for (int j = 0; j <= i; j++) {
                    double weight = Math.exp(scores[j] - logSumExp);
                    for (int x = 0; x < d; x++) {
                        y[(head * t + i) * d + x] += weight * v[(head * t + j) * d + x];
                    }
                }
            }
        }
        return List.of(y, logSums);
    }

    static List<double[]> attentionGrad(AttentionGrad op, List<HostTensor> in, List<TensorType> out) {
        Shape shape = in.get(1).shape();
        int t = Math.toIntExact(shape.dim(2));
        int d = Math.toIntExact(shape.dim(3));
        double[] dy = in.get(0).data();
        double[] q = in.get(1).data();
        double[] k = in.get(2).data();
        double[] v = in.get(3).data();
        double[] y = in.get(4).data();
        double[] logSums = in.get(5).data();
        double[] dq = new double[q.length];
        double[] dk = new double[q.length];
        double[] dv = new double[q.length];
        for (int row = 0; row < shape.dim(0) * shape.dim(1) * t; row++) {
            int head = row / t;
            double delta = 0;
            for (int x = 0; x < d; x++) {
                delta += dy[row * d + x] * y[row * d + x];
            }
            for (int j = 0; j <= row % t; j++) {
                int key = (head * t + j) * d;
                double score = 0;
                double dp = 0;
                for (int x = 0; x < d; x++) {
                    score += op.scale() * q[row * d + x] * k[key + x];
                    dp += dy[row * d + x] * v[key + x];
                }
                double p = Math.exp(score - logSums[row]);
                double ds = op.scale() * p * (dp - delta);
                for (int x = 0; x < d; x++) {
                    dv[key + x] += p * dy[row * d + x];
                    dq[row * d + x] += ds * k[key + x];
                    dk[key + x] += ds * q[row * d + x];
                }
            }
        }
        return List.of(dq, dk, dv);
    }

    static List<double[]> rotary(Rotary op, List<HostTensor> in, List<TensorType> out) {
        Shape shape = in.get(0).shape();
        int t = Math.toIntExact(shape.dim(-2));
        int d = Math.toIntExact(shape.dim(-1));
        double[] x = in.get(0).data();
        double[] y = new double[x.length];
        for (int row = 0; row < x.length / d; row++) {
            int position = row % t + known(op.offset());
            for (int i = 0; i < d / 2; i++) {
                double angle = position / Math.pow(op.theta(), 2.0 * i / d) * (op.inverse() ? -1 : 1);
                double low = x[row * d + i];
                double high = x[row * d + i + d / 2];
                y[row * d + i] = low * Math.cos(angle) - high * Math.sin(angle);
                y[row * d + i + d / 2] = high * Math.cos(angle) + low * Math.sin(angle);
            }
        }
        return List.of(y);
    }
}
