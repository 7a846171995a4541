package dev.tartan.op.reference;

import dev.tartan.graph.TensorType;
import dev.tartan.op.LayerNorm;
import dev.tartan.op.LayerNormGrad;
import dev.tartan.op.RmsNorm;
import dev.tartan.op.RmsNormGrad;
import java.util.List;

/** Normalizations over the last dim, one row at a time. */
final class NormReference {
    private NormReference() {}

    static List<double[]> layerNorm(LayerNorm op, List<HostTensor> in, List<TensorType> out) {
        double[] x = in.get(0).data();
        double[] gamma = in.get(1).data();
        double[] beta = in.get(2).data();
        int c = gamma.length;
        int rows = x.length / c;
        double[] y = new double[x.length];
        double[] mean = new double[rows];
        double[] rstd = new double[rows];
        for (int r = 0; r < rows; r++) {
            for (int j = 0; j < c; j++) {
                mean[r] += x[r * c + j] / c;
            }
            double variance = 0;
            for (int j = 0; j < c; j++) {
                double d = x[r * c + j] - mean[r];
                variance += d * d / c;
            }
            rstd[r] = 1 / Math.sqrt(variance + op.epsilon());
            for (int j = 0; j < c; j++) {
                y[r * c + j] = (x[r * c + j] - mean[r]) * rstd[r] * gamma[j] + beta[j];
            }
        }
        return List.of(y, mean, rstd);
    }

    static List<double[]> layerNormGrad(LayerNormGrad op, List<HostTensor> in, List<TensorType> out) {
        double[] dy = in.get(0).data();
        double[] x = in.get(1).data();
        double[] gamma = in.get(2).data();
        double[] mean = in.get(3).data();
        double[] rstd = in.get(4).data();
        int c = gamma.length;
        double[] dx = new double[x.length];
        double[] dgamma = new double[c];
        double[] dbeta = new double[c];
        for (int r = 0; r < x.length / c; r++) {
            double sum = 0;
            double product = 0;
            for (int j = 0; j < c; j++) {
                double normalized = (x[r * c + j] - mean[r]) * rstd[r];
                dgamma[j] += dy[r * c + j] * normalized;
                dbeta[j] += dy[r * c + j];
                sum += dy[r * c + j] * gamma[j];
                product += dy[r * c + j] * gamma[j] * normalized;
            }
            for (int j = 0; j < c; j++) {
                double normalized = (x[r * c + j] - mean[r]) * rstd[r];
                dx[r * c + j] = rstd[r] * (dy[r * c + j] * gamma[j] - (sum + normalized * product) / c);
            }
        }
        return List.of(dx, dgamma, dbeta);
    }

    static List<double[]> rmsNorm(RmsNorm op, List<HostTensor> in, List<TensorType> out) {
        double[] x = in.get(0).data();
        double[] gamma = in.get(1).data();
        int c = gamma.length;
        double[] y = new double[x.length];
        double[] rstd = new double[x.length / c];
        for (int r = 0; r < rstd.length; r++) {
            double square = 0;
            for (int j = 0; j < c; j++) {
                square += x[r * c + j] * x[r * c + j];
            }
            rstd[r] = 1 / Math.sqrt(square / c + op.epsilon());
            for (int j = 0; j < c; j++) {
                y[r * c + j] = x[r * c + j] * rstd[r] * gamma[j];
            }
        }
        return List.of(y, rstd);
    }

    static List<double[]> rmsNormGrad(RmsNormGrad op, List<HostTensor> in, List<TensorType> out) {
        double[] dy = in.get(0).data();
        double[] x = in.get(1).data();
        double[] gamma = in.get(2).data();
        double[] rstd = in.get(3).data();
        int c = gamma.length;
        double[] dx = new double[x.length];
        double[] dgamma = new double[c];
        for (int r = 0; r < rstd.length; r++) {
            double product = 0;
            for (int j = 0; j < c; j++) {
                dgamma[j] += dy[r * c + j] * x[r * c + j] * rstd[r];
                product += dy[r * c + j] * gamma[j] * x[r * c + j];
            }
            double pull = product * rstd[r] * rstd[r] * rstd[r] / c;
            for (int j = 0; j < c; j++) {
                dx[r * c + j] = rstd[r] * dy[r * c + j] * gamma[j] - pull * x[r * c + j];
            }
        }
        return List.of(dx, dgamma);
    }
}
