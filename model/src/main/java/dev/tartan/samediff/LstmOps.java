package dev.tartan.samediff;

import dev.tartan.mesh.Shape;
import dev.tartan.op.Activation;
import dev.tartan.op.Lstm;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * LSTM layers. Operands: x, weights {@code [in, 4 units]}, recurrent weights {@code [units, 4 units]}, and, as the
 * flags say, a bias {@code [4 units]}, an output and a cell before the first step {@code [n, units]}, peepholes
 * {@code [3 units]}. Those of both directions have a dim of 2 before. Columns are of the input gate, forget gate,
 * candidate and output gate; peepholes of the input, forget and output gate.
 */
final class LstmOps {
    private static final int FORWARD = 0;
    private static final int BACKWARD = 1;
    private static final int SUM = 2;
    private static final int CONCAT = 3;
    private static final int STEPS_FIRST = 0;
    private static final int SAMPLES_FIRST = 1;
    private static final int FEATURES_BEFORE_STEPS = 2;
    private static final int GATES = 4;

    private static final Map<Integer, Activation> ACTIVATIONS = Map.of(
            0, Activation.TANH,
            1, Activation.RELU,
            2, Activation.SIGMOID,
            9, Activation.SOFTSIGN,
            10, Activation.SOFTPLUS);

    private LstmOps() {}

    static void addTo(Map<String, OpRule> rules) {
        rules.put("lstmLayer", LstmOps::layer);
    }

    /** The tensors of one direction. */
    private record Parts(
            Tensor weights,
            Tensor recurrent,
            @Nullable Tensor bias,
            @Nullable Tensor output,
            @Nullable Tensor cell,
            @Nullable Tensor peepholes) {
        /** Direction {@code index} of two. */
        Parts of(int index) {
            return new Parts(
                    part(weights, index),
                    part(recurrent, index),
                    bias == null ? null : part(bias, index),
                    output == null ? null : part(output, index),
                    cell == null ? null : part(cell, index),
                    peepholes == null ? null : part(peepholes, index));
        }

        private static Tensor part(Tensor both, int index) {
            List<Long> dims = ShapeOps.list(both.shape());
            return both.slice(0, index, 1).reshape(ShapeOps.shape(dims.subList(1, dims.size())));
        }
    }

    /** Outputs of all steps {@code [n, steps, units]}, and output and cell of the last one {@code [n, units]}. */
    private record Result(Tensor all, Tensor output, Tensor cell) {}

    private static List<Tensor> layer(OpCall call) {
        check(call);
        int format = Math.toIntExact(call.intAt(0, 0));
        int direction = Math.toIntExact(call.intAt(1, 0));
        Tensor x = toSamplesFirst(call.in(0), format, call);
        Parts parts = parts(call);
        Result result;
        if (direction == FORWARD || direction == BACKWARD) {
            result = run(call, x, parts, direction == BACKWARD);
        } else {
            result = joined(direction, run(call, x, parts.of(0), false), run(call, x, parts.of(1), true));
        }
        List<Tensor> results = new ArrayList<>();
        if (call.flagAt(5, true)) {
            results.add(fromSamplesFirst(result.all(), format));
        }
        if (call.flagAt(6, false)) {
            results.add(result.output());
        }
        if (call.flagAt(7, false)) {
            results.add(result.cell());
        }
        return results;
    }

    private static void check(OpCall call) {
        long direction = call.intAt(1, 0);
        if (direction > CONCAT) {
            throw call.refused("a direction that is not known: directionMode=" + direction);
        }
        if (call.flagAt(1, false)) {
            throw call.refused("lengths of sequences. Mask the loss instead");
        }
        if (call.realAt(0, 0) != 0) {
            throw call.refused("clipped cells: cellClip=" + call.realAt(0, 0));
        }
        if (call.intAt(3, 0) != call.intAt(4, 0)) {
            throw call.refused("different activations of cell and output: cell=" + call.intAt(3, 0) + ", output="
                    + call.intAt(4, 0));
        }
    }

    private static Activation activation(OpCall call, int index) {
        Activation activation = ACTIVATIONS.get(Math.toIntExact(call.intAt(index, 0)));
        if (activation == null) {
            throw call.refused("an activation that is not known: activation=" + call.intAt(index, 0));
        }
        return activation;
    }

    private static Parts parts(OpCall call) {
        int next = 3;
        Tensor bias = call.flagAt(0, false) ? call.in(next++) : null;
        Tensor output = call.flagAt(2, false) ? call.in(next++) : null;
        Tensor cell = call.flagAt(3, false) ? call.in(next++) : null;
        Tensor peepholes = call.flagAt(4, false) ? call.in(next) : null;
        return new Parts(call.in(1), call.in(2), bias, output, cell, peepholes);
    }

    private static Tensor toSamplesFirst(Tensor x, int format, OpCall call) {
        return switch (format) {
            case STEPS_FIRST -> x.transpose(1, 0, 2);
            case SAMPLES_FIRST -> x;
            case FEATURES_BEFORE_STEPS -> x.transpose(0, 2, 1);
            default -> throw call.refused("a format of sequences that is not known: lstmdataformat=" + format);
        };
    }

    private static Tensor fromSamplesFirst(Tensor y, int format) {
        return switch (format) {
            case STEPS_FIRST -> y.transpose(1, 0, 2);
            case SAMPLES_FIRST -> y;
            default -> y.transpose(0, 2, 1);
        };
    }

    private static Result run(OpCall call, Tensor x, Parts parts, boolean reverse) {
        Tensor columns = x.matmul(reordered(parts.weights()));
        Tensor bias = parts.bias();
        if (bias != null) {
            columns = columns.add(reordered(bias));
        }
        long units = parts.recurrent().shape().dim(0);
        Shape state = Shape.shape(x.shape().dim(0), units);
        Tensor zero = call.filled(x.dtype(), state, 0);
        List<Tensor> operands = new ArrayList<>();
        operands.add(reordered(parts.recurrent()));
        operands.add(Objects.requireNonNullElse(parts.output(), zero));
        operands.add(Objects.requireNonNullElse(parts.cell(), zero));
        Tensor peepholes = parts.peepholes();
        if (peepholes != null) {
            operands.add(reorderedPeepholes(peepholes, units));
        }
        Lstm op = new Lstm(activation(call, 3), activation(call, 2), peepholes != null, false, reverse);
        List<Tensor> results = columns.apply(op, operands.toArray(new Tensor[0]));
        long last = reverse ? 0 : x.shape().dim(1) - 1;
        return new Result(
                results.get(0),
                results.get(0).slice(1, last, 1).reshape(state),
                results.get(1).slice(1, last, 1).reshape(state));
    }

    /** Columns input, forget, candidate, output as candidate, forget, output, input. */
    private static Tensor reordered(Tensor columns) {
        int dim = columns.numDims() - 1;
        long units = columns.shape().dim(dim) / GATES;
        List<Tensor> parts = new ArrayList<>();
        for (int block : new int[] {2, 1, 3, 0}) {
            parts.add(columns.slice(dim, block * units, units));
        }
        return Tensor.concat(dim, parts);
    }

    /** Input, forget and output gate as rows of the forget, output and input gate. */
    private static Tensor reorderedPeepholes(Tensor peepholes, long units) {
        Tensor rows = peepholes.reshape(3, units);
        return Tensor.concat(0, List.of(rows.slice(0, 1, 1), rows.slice(0, 2, 1), rows.slice(0, 0, 1)));
    }

    /** Of the last step SameDiff keeps both directions apart: {@code [2, n, units]}. */
    private static Result joined(int direction, Result forward, Result backward) {
        Tensor all = direction == SUM
                ? forward.all().add(backward.all())
                : Tensor.concat(2, List.of(forward.all(), backward.all()));
        return new Result(all, both(forward.output(), backward.output()), both(forward.cell(), backward.cell()));
    }

    private static Tensor both(Tensor forward, Tensor backward) {
        Shape one = ShapeOps.inserted(forward.shape(), 0);
        return Tensor.concat(0, List.of(forward.reshape(one), backward.reshape(one)));
    }
}
