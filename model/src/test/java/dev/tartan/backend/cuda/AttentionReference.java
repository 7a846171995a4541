package dev.tartan.backend.cuda;

import dev.tartan.backend.cuda.AttentionLaunches.Form;

/** Attention and its gradient by their definitions, in double precision; tensors [batch, heads, positions, size]. */
record AttentionReference(double[] out, double[] logSums, double[] dq, double[] dk, double[] dv) {
    static AttentionReference of(Form form, double[] q, double[] k, double[] v, double[] dout) {
        int queries = form.queries();
        int keys = form.keys();
        int size = form.size();
        AttentionReference result = new AttentionReference(
                new double[q.length],
                new double[form.batch() * form.heads() * queries],
                new double[q.length],
                new double[k.length],
                new double[v.length]);
        int group = form.heads() / form.keyHeads();
        for (int square = 0; square < form.batch() * form.heads(); square++) {
            int batch = square / form.heads();
            int head = square % form.heads();
            int keyBase = (batch * form.keyHeads() + head / group) * keys * size;
            for (int i = 0; i < queries; i++) {
                int row = (square * queries + i) * size;
                int visible = form.causal() ? i + 1 + keys - queries : keys;
                row(form, result, q, k, v, dout, row, keyBase, visible, square * queries + i);
            }
        }
        return result;
    }

    private static void row(
            Form form,
            AttentionReference result,
            double[] q,
            double[] k,
            double[] v,
            double[] dout,
            int row,
            int keyBase,
            int visible,
            int index) {
        int size = form.size();
        double[] weights = new double[visible];
        double top = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < visible; j++) {
            weights[j] = form.scale() * dot(q, row, k, keyBase + j * size, size);
            top = Math.max(top, weights[j]);
        }
        double sum = 0;
        for (int j = 0; j < visible; j++) {
            sum += Math.exp(weights[j] - top);
        }
        result.logSums[index] = top + Math.log(sum);
        double delta = 0;
        double[] gradients = new double[visible];
        for (int j = 0; j < visible; j++) {
            weights[j] = Math.exp(weights[j] - result.logSums[index]);
            gradients[j] = dot(dout, row, v, keyBase + j * size, size);
            delta += weights[j] * gradients[j];
        }
        for (int j = 0; j < visible; j++) {
            int key = keyBase + j * size;
            double score = weights[j] * (gradients[j] - delta) * form.scale();
            for (int d = 0; d < size; d++) {
                result.out[row + d] += weights[j] * v[key + d];
                result.dq[row + d] += score * k[key + d];
                result.dk[key + d] += score * q[row + d];
                result.dv[key + d] += weights[j] * dout[row + d];
            }
        }
    }

    private static double dot(double[] a, int aStart, double[] b, int bStart, int count) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += a[aStart + i] * b[bStart + i];
        }
        return sum;
    }
}
