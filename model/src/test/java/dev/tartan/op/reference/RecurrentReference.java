package dev.tartan.op.reference;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Lstm;
import dev.tartan.op.LstmGrad;
import dev.tartan.op.SimpleRnn;
import dev.tartan.op.SimpleRnnGrad;
import java.util.ArrayList;
import java.util.List;

/** Recurrent ops, one sample, one step and one unit at a time. */
final class RecurrentReference {
    private static final int CANDIDATE = 0;
    private static final int FORGET = 1;
    private static final int OUTPUT = 2;
    private static final int INPUT = 3;

    private RecurrentReference() {}

    static List<double[]> lstm(Lstm op, List<HostTensor> in, List<TensorType> out) {
        Shape shape = in.get(0).shape();
        int t = Math.toIntExact(shape.dim(1));
        int h = Math.toIntExact(shape.dim(2) / 4);
        double[] x = in.get(0).data();
        double[] weights = in.get(1).data();
        double[] p = op.peepholes() ? in.get(op.peepholesAt()).data() : new double[3 * h];
        double[] y = new double[x.length / 4];
        double[] c = new double[x.length / 4];
        double[] z = new double[x.length];
        for (int sample = 0; sample < shape.dim(0); sample++) {
            double[] output = part(in.get(2).data(), sample * h, h);
            double[] cell = part(in.get(3).data(), sample * h, h);
            for (int k = 0; k < t; k++) {
                int row = sample * t + (op.reverse() ? t - 1 - k : k);
                double[] nextOutput = new double[h];
                for (int u = 0; u < h; u++) {
                    double[] sums = new double[4];
                    for (int block = 0; block < 4; block++) {
                        int column = block * h + u;
                        sums[block] = x[row * 4 * h + column];
                        for (int v = 0; v < h; v++) {
                            sums[block] += output[v] * weights[v * 4 * h + column];
                        }
                    }
                    sums[FORGET] += p[u] * cell[u];
                    sums[INPUT] += p[2 * h + u] * cell[u];
                    double candidate = ActivationReference.value(op.activation(), sums[CANDIDATE]);
                    double forget = ActivationReference.value(op.gateActivation(), sums[FORGET]);
                    double input = ActivationReference.value(op.gateActivation(), sums[INPUT]);
                    cell[u] = forget * cell[u] + input * candidate;
                    sums[OUTPUT] += p[h + u] * cell[u];
                    nextOutput[u] = ActivationReference.value(op.gateActivation(), sums[OUTPUT])
                            * ActivationReference.value(op.activation(), cell[u]);
                    if (op.masked() && in.get(op.maskAt()).data()[row] == 0) {
                        nextOutput[u] = 0;
                        cell[u] = 0;
                    }
                    y[row * h + u] = nextOutput[u];
                    c[row * h + u] = cell[u];
                    for (int block = 0; block < 4; block++) {
                        z[row * 4 * h + block * h + u] = sums[block];
                    }
                }
                output = nextOutput;
            }
        }
        return List.of(y, c, z);
    }

    static List<double[]> lstmGrad(LstmGrad op, List<HostTensor> in, List<TensorType> out) {
        Lstm forward = op.forward();
        Shape shape = in.get(6).shape();
        int t = Math.toIntExact(shape.dim(1));
        int h = Math.toIntExact(shape.dim(2) / 4);
        double[] weights = in.get(1).data();
        double[] z = in.get(6).data();
        double[] p = forward.peepholes() ? in.get(op.peepholesAt()).data() : new double[3 * h];
        double[] dx = new double[z.length];
        double[] dWeights = new double[weights.length];
        double[] dFirstOutput = new double[in.get(2).data().length];
        double[] dFirstCell = new double[in.get(3).data().length];
        double[] dp = new double[3 * h];
        for (int sample = 0; sample < shape.dim(0); sample++) {
            double[] dOutput = new double[h];
            double[] dCell = new double[h];
            for (int k = t - 1; k >= 0; k--) {
                int row = sample * t + (forward.reverse() ? t - 1 - k : k);
                boolean hidden = forward.masked() && in.get(op.maskAt()).data()[row] == 0;
                double[] dOutputBefore = new double[h];
                for (int u = 0; u < h; u++) {
                    double before = before(in, 3, 5, forward.reverse(), sample, k, u);
                    double[] sums = new double[4];
                    for (int block = 0; block < 4; block++) {
                        sums[block] = z[row * 4 * h + block * h + u];
                    }
                    double candidate = ActivationReference.value(forward.activation(), sums[CANDIDATE]);
                    double forget = ActivationReference.value(forward.gateActivation(), sums[FORGET]);
                    double input = ActivationReference.value(forward.gateActivation(), sums[INPUT]);
                    double output = ActivationReference.value(forward.gateActivation(), sums[OUTPUT]);
                    double cell = forget * before + input * candidate;
                    double dy = hidden ? 0 : dOutput[u] + in.get(0).data()[row * h + u];
                    double through =
                            op.throughCells() ? in.get(op.cellGradientAt()).data()[row * h + u] : 0;
                    double dc = hidden ? 0 : dCell[u] + through;
                    double[] d = new double[4];
                    d[OUTPUT] = dy
                            * ActivationReference.value(forward.activation(), cell)
                            * ActivationReference.slope(forward.gateActivation(), sums[OUTPUT]);
                    dc += dy * output * ActivationReference.slope(forward.activation(), cell) + d[OUTPUT] * p[h + u];
                    d[CANDIDATE] = dc * input * ActivationReference.slope(forward.activation(), sums[CANDIDATE]);
                    d[FORGET] = dc * before * ActivationReference.slope(forward.gateActivation(), sums[FORGET]);
                    d[INPUT] = dc * candidate * ActivationReference.slope(forward.gateActivation(), sums[INPUT]);
                    dCell[u] = dc * forget + d[FORGET] * p[u] + d[INPUT] * p[2 * h + u];
                    dp[u] += d[FORGET] * before;
                    dp[h + u] += d[OUTPUT] * cell;
                    dp[2 * h + u] += d[INPUT] * before;
                    for (int block = 0; block < 4; block++) {
                        int column = block * h + u;
                        dx[row * 4 * h + column] = d[block];
                        for (int v = 0; v < h; v++) {
                            dWeights[v * 4 * h + column] +=
                                    before(in, 2, 4, forward.reverse(), sample, k, v) * d[block];
                            dOutputBefore[v] += weights[v * 4 * h + column] * d[block];
                        }
                    }
                }
                dOutput = dOutputBefore;
            }
            System.arraycopy(dOutput, 0, dFirstOutput, sample * h, h);
            System.arraycopy(dCell, 0, dFirstCell, sample * h, h);
        }
        List<double[]> results = new ArrayList<>(List.of(dx, dWeights, dFirstOutput, dFirstCell));
        if (forward.peepholes()) {
            results.add(dp);
        }
        return results;
    }

    static List<double[]> simpleRnn(SimpleRnn op, List<HostTensor> in, List<TensorType> out) {
        Shape shape = in.get(0).shape();
        int t = Math.toIntExact(shape.dim(1));
        int h = Math.toIntExact(shape.dim(2));
        double[] x = in.get(0).data();
        double[] weights = in.get(1).data();
        double[] y = new double[x.length];
        double[] z = new double[x.length];
        for (int sample = 0; sample < shape.dim(0); sample++) {
            double[] output = part(in.get(2).data(), sample * h, h);
            for (int k = 0; k < t; k++) {
                int row = sample * t + (op.reverse() ? t - 1 - k : k);
                double[] next = new double[h];
                for (int u = 0; u < h; u++) {
                    double sum = x[row * h + u];
                    for (int v = 0; v < h; v++) {
                        sum += output[v] * weights[v * h + u];
                    }
                    boolean hidden = op.masked() && in.get(op.maskAt()).data()[row] == 0;
                    next[u] = hidden ? 0 : ActivationReference.value(op.activation(), sum);
                    y[row * h + u] = next[u];
                    z[row * h + u] = sum;
                }
                output = next;
            }
        }
        return List.of(y, z);
    }

    static List<double[]> simpleRnnGrad(SimpleRnnGrad op, List<HostTensor> in, List<TensorType> out) {
        SimpleRnn forward = op.forward();
        Shape shape = in.get(4).shape();
        int t = Math.toIntExact(shape.dim(1));
        int h = Math.toIntExact(shape.dim(2));
        double[] weights = in.get(1).data();
        double[] dx = new double[in.get(4).data().length];
        double[] dWeights = new double[weights.length];
        double[] dFirst = new double[in.get(2).data().length];
        for (int sample = 0; sample < shape.dim(0); sample++) {
            double[] dOutput = new double[h];
            for (int k = t - 1; k >= 0; k--) {
                int row = sample * t + (forward.reverse() ? t - 1 - k : k);
                boolean hidden = forward.masked() && in.get(op.maskAt()).data()[row] == 0;
                double[] dBefore = new double[h];
                for (int u = 0; u < h; u++) {
                    double dy = hidden ? 0 : dOutput[u] + in.get(0).data()[row * h + u];
                    double d = dy
                            * ActivationReference.slope(
                                    forward.activation(), in.get(4).data()[row * h + u]);
                    dx[row * h + u] = d;
                    for (int v = 0; v < h; v++) {
                        dWeights[v * h + u] += before(in, 2, 3, forward.reverse(), sample, k, v) * d;
                        dBefore[v] += weights[v * h + u] * d;
                    }
                }
                dOutput = dBefore;
            }
            System.arraycopy(dOutput, 0, dFirst, sample * h, h);
        }
        return List.of(dx, dWeights, dFirst);
    }

    /** What the k-th computed step got from the one before: an element of operand {@code first}, or of {@code kept}. */
    private static double before(
            List<HostTensor> in, int first, int kept, boolean reverse, int sample, int k, int unit) {
        if (k == 0) {
            return in.get(first).at(sample, unit);
        }
        int t = Math.toIntExact(in.get(kept).shape().dim(1));
        return in.get(kept).at(sample, reverse ? t - k : k - 1, unit);
    }

    private static double[] part(double[] data, int start, int length) {
        double[] part = new double[length];
        System.arraycopy(data, start, part, 0, length);
        return part;
    }
}
