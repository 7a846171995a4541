package dev.tartan.op.reference;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Activation;
import dev.tartan.op.Lstm;
import dev.tartan.op.LstmGrad;
import dev.tartan.op.SimpleRnn;
import dev.tartan.op.SimpleRnnGrad;
import java.util.ArrayList;
import java.util.List;

/** Cases of the recurrent ops. */
public final class RecurrentCases {
    private RecurrentCases() {}

    static void addTo(List<OpCase> cases, Draw draw) {
        for (boolean reverse : new boolean[] {false, true}) {
            for (boolean masked : new boolean[] {false, true}) {
                for (boolean peepholes : new boolean[] {false, true}) {
                    Lstm op = new Lstm(Activation.TANH, Activation.SIGMOID, peepholes, masked, reverse);
                    cases.add(lstm(op, draw, 4, 3, 2));
                    cases.add(lstmGrad(op, masked, draw, 4, 3, 2));
                }
                SimpleRnn op = new SimpleRnn(Activation.TANH, masked, reverse);
                cases.add(simpleRnn(op, draw, 4, 3, 2));
                cases.add(simpleRnnGrad(op, draw, 4, 3, 2));
            }
        }
        Lstm soft = new Lstm(Activation.SOFTSIGN, Activation.HARD_SIGMOID, true, true, false);
        Lstm rectified = Lstm.of(Activation.RELU, Activation.SIGMOID);
        for (long[] sizes : new long[][] {{4, 4, 3}, {2, 1, 2}, {4, 2, 1}, {3, 5, 7}}) {
            for (Lstm op : List.of(soft, rectified)) {
                cases.add(lstm(op, draw, sizes[0], sizes[1], sizes[2]));
                cases.add(lstmGrad(op, true, draw, sizes[0], sizes[1], sizes[2]));
            }
            SimpleRnn op = new SimpleRnn(Activation.SOFTSIGN, true, true);
            cases.add(simpleRnn(op, draw, sizes[0], sizes[1], sizes[2]));
            cases.add(simpleRnnGrad(op, draw, sizes[0], sizes[1], sizes[2]));
        }
    }

    /** A case of {@code op} for samples of {@code t} steps and {@code h} units. */
    public static OpCase lstm(Lstm op, Draw draw, long n, long t, long h) {
        List<HostTensor> operands = new ArrayList<>(
                List.of(draw.normal(n, t, 4 * h), weights(draw, h, 4 * h), draw.normal(n, h), draw.normal(n, h)));
        addOptional(op, draw, n, t, h, operands);
        return new OpCase(op, operands);
    }

    /** A case of the gradient, on what the op itself gives. */
    public static OpCase lstmGrad(Lstm op, boolean throughCells, Draw draw, long n, long t, long h) {
        OpCase forward = lstm(op, draw, n, t, h);
        List<HostTensor> operands = new ArrayList<>(List.of(draw.normal(n, t, h)));
        operands.addAll(forward.operands().subList(1, 4));
        operands.addAll(forward.results());
        operands.addAll(forward.operands().subList(4, forward.operands().size()));
        if (throughCells) {
            operands.add(draw.normal(n, t, h));
        }
        return new OpCase(new LstmGrad(op, throughCells), operands);
    }

    private static void addOptional(Lstm op, Draw draw, long n, long t, long h, List<HostTensor> operands) {
        if (op.peepholes()) {
            operands.add(draw.normal(3, h));
        }
        if (op.masked()) {
            operands.add(mask(n, t));
        }
    }

    /** A case of {@code op} for samples of {@code t} steps and {@code h} units. */
    public static OpCase simpleRnn(SimpleRnn op, Draw draw, long n, long t, long h) {
        List<HostTensor> operands =
                new ArrayList<>(List.of(draw.normal(n, t, h), weights(draw, h, h), draw.normal(n, h)));
        if (op.masked()) {
            operands.add(mask(n, t));
        }
        return new OpCase(op, operands);
    }

    /** A case of the gradient, on what the op itself gives. */
    public static OpCase simpleRnnGrad(SimpleRnn op, Draw draw, long n, long t, long h) {
        OpCase forward = simpleRnn(op, draw, n, t, h);
        List<HostTensor> operands = new ArrayList<>(List.of(draw.normal(n, t, h)));
        operands.addAll(forward.operands().subList(1, 3));
        operands.addAll(forward.results());
        operands.addAll(forward.operands().subList(3, forward.operands().size()));
        return new OpCase(new SimpleRnnGrad(op), operands);
    }

    /** Weights whose products stay of the size of their operands, so that recurrences do not blow up. */
    private static HostTensor weights(Draw draw, long rows, long columns) {
        HostTensor normal = draw.normal(rows, columns);
        double scale = 0.7 / Math.sqrt(rows);
        return HostTensor.generate(normal.type(), i -> scale * normal.data()[i]);
    }

    /** Zeros among the first, middle and last steps, but not of all samples. */
    private static HostTensor mask(long n, long t) {
        return HostTensor.generate(new TensorType(DType.BOOL, Shape.shape(n, t)), i -> i % 3 == 1 ? 0 : 1);
    }
}
