package dev.tartan.op.reference;

import dev.tartan.graph.TensorType;
import dev.tartan.op.AdamW;
import java.util.List;

/** The AdamW update. */
final class AdamWReference {
    private AdamWReference() {}

    static List<double[]> adamW(AdamW op, List<HostTensor> in, List<TensorType> out) {
        double[] p = in.get(0).data().clone();
        double[] g = in.get(1).data();
        double[] m = in.get(2).data().clone();
        double[] v = in.get(3).data().clone();
        double rate = in.get(4).item();
        double correction1 = in.get(5).item();
        double correction2 = in.get(6).item();
        for (int i = 0; i < p.length; i++) {
            m[i] = op.beta1() * m[i] + (1 - op.beta1()) * g[i];
            v[i] = op.beta2() * v[i] + (1 - op.beta2()) * g[i] * g[i];
            double decayed = p[i] - rate * op.weightDecay() * p[i];
            p[i] = decayed - rate * (m[i] / correction1) / (Math.sqrt(v[i] / correction2) + op.epsilon());
        }
        return List.of(p, m, v);
    }
}
