package dev.tartan.backend.cuda;

import dev.tartan.backend.cuda.AttentionKernels.Cores;
import dev.tartan.backend.cuda.AttentionLaunches.Form;
import dev.tartan.backend.cuda.AttentionLaunches.Heads;
import java.util.ArrayList;
import java.util.List;

/** Attention and its gradient on inputs of the tests, in guarded memory. */
final class AttentionRun implements AutoCloseable {
    /** How tensors lie in memory. */
    enum Order {
        /** [batch, heads, positions, size]. */
        HEADS_OUTSIDE,
        /** [batch, positions, heads, size], as a matrix product leaves them. */
        POSITIONS_OUTSIDE
    }

    private final Form form;
    private final Order order;
    private final double[] q;
    private final double[] k;
    private final double[] v;
    private final double[] dout;
    private final List<GuardedArray> arrays = new ArrayList<>();
    private final GuardedArray out;
    private final GuardedArray dq;
    private final GuardedArray dk;
    private final GuardedArray dv;
    private final GuardedArray logSums;
    private final GuardedArray delta;
    private final List<Launch> launches = new ArrayList<>();

    AttentionRun(Form form, Cores cores, Order order) {
        this.form = form;
        this.order = order;
        int queries = form.batch() * form.heads() * form.queries();
        int keys = form.batch() * form.keyHeads() * form.keys();
        q = Inputs.normalArray(form.type(), 20, queries * form.size(), 1, 0);
        k = Inputs.normalArray(form.type(), 21, keys * form.size(), 1, 0);
        v = Inputs.normalArray(form.type(), 22, keys * form.size(), 1, 0);
        dout = Inputs.normalArray(form.type(), 23, queries * form.size(), 1, 0);
        Heads qHeads = heads(add(reordered(q, form.heads(), true)), form.heads(), form.queries());
        Heads kHeads = heads(add(reordered(k, form.keyHeads(), true)), form.keyHeads(), form.keys());
        Heads vHeads = heads(add(reordered(v, form.keyHeads(), true)), form.keyHeads(), form.keys());
        Heads doutHeads = heads(add(reordered(dout, form.heads(), true)), form.heads(), form.queries());
        out = add(new double[q.length]);
        dq = add(new double[q.length]);
        dk = add(new double[k.length]);
        dv = add(new double[v.length]);
        logSums = GuardedArray.empty(CudaType.FLOAT32, queries);
        delta = GuardedArray.empty(CudaType.FLOAT32, queries);
        Heads outHeads = heads(out, form.heads(), form.queries());
        launches.add(AttentionLaunches.forward(form, cores, outHeads, logSums.address(), qHeads, kHeads, vHeads));
        launches.addAll(AttentionLaunches.gradient(
                form,
                cores,
                heads(dq, form.heads(), form.queries()),
                heads(dk, form.keyHeads(), form.keys()),
                heads(dv, form.keyHeads(), form.keys()),
                doutHeads,
                qHeads,
                kHeads,
                vHeads,
                outHeads,
                logSums.address(),
                delta.address()));
    }

    AttentionReference truth() {
        return AttentionReference.of(form, q, k, v, dout);
    }

    List<Launch> launches() {
        return launches;
    }

    void run(long seed) {
        clear();
        HostCuda.run(launches, seed);
    }

    void clear() {
        List.of(out, dq, dk, dv, logSums, delta).forEach(GuardedArray::clear);
    }

    double[] out() {
        arrays.forEach(GuardedArray::read);
        return reordered(out.read(), form.heads(), false);
    }

    double[] logSums() {
        return logSums.read();
    }

    List<double[]> gradients() {
        return List.of(
                reordered(dq.read(), form.heads(), false),
                reordered(dk.read(), form.keyHeads(), false),
                reordered(dv.read(), form.keyHeads(), false));
    }

    private GuardedArray add(double[] values) {
        GuardedArray array = GuardedArray.of(form.type(), values);
        arrays.add(array);
        return array;
    }

    private Heads heads(GuardedArray array, int heads, int positions) {
        long size = form.size();
        return order == Order.HEADS_OUTSIDE
                ? new Heads(array.address(), (long) heads * positions * size, positions * size, size)
                : new Heads(array.address(), (long) heads * positions * size, size, heads * size);
    }

    /** From the reference's order to the one in memory, or back. */
    private double[] reordered(double[] values, int heads, boolean toMemory) {
        if (order == Order.HEADS_OUTSIDE) {
            return values;
        }
        int size = form.size();
        int positions = values.length / (form.batch() * heads * size);
        double[] result = new double[values.length];
        for (int b = 0; b < form.batch(); b++) {
            for (int h = 0; h < heads; h++) {
                for (int p = 0; p < positions; p++) {
                    int outside = ((b * heads + h) * positions + p) * size;
                    int inside = ((b * positions + p) * heads + h) * size;
                    System.arraycopy(values, toMemory ? outside : inside, result, toMemory ? inside : outside, size);
                }
            }
        }
        return result;
    }

    @Override
    public void close() {
        arrays.forEach(GuardedArray::close);
        logSums.close();
        delta.close();
    }
}
