package dev.tartan.op.reference;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.AddN;
import dev.tartan.op.Binary;
import dev.tartan.op.BinaryKind;
import dev.tartan.op.Cast;
import dev.tartan.op.Compare;
import dev.tartan.op.FusedElementwise;
import dev.tartan.op.ScalarBinary;
import dev.tartan.op.Select;
import dev.tartan.op.Unary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;

/** Functions of elements. */
final class ElementwiseReference {
    private ElementwiseReference() {}

    static List<double[]> unary(Unary op, List<HostTensor> in, List<TensorType> out) {
        return map(in.get(0), x -> switch (op.kind()) {
            case NEG -> -x;
            case ABS -> Math.abs(x);
            case SIGN -> Math.signum(x);
            case EXP -> Math.exp(x);
            case LOG -> Math.log(x);
            case SQRT -> Math.sqrt(x);
            case RSQRT -> 1 / Math.sqrt(x);
            case RECIPROCAL -> 1 / x;
            case SQUARE -> x * x;
            case SIN -> Math.sin(x);
            case COS -> Math.cos(x);
        });
    }

    static List<double[]> binary(Binary op, List<HostTensor> in, List<TensorType> out) {
        DType dtype = out.get(0).dtype();
        return zip(in, out.get(0).shape(), (a, b) -> combine(op.kind(), a, b, dtype));
    }

    static List<double[]> scalarBinary(ScalarBinary op, List<HostTensor> in, List<TensorType> out) {
        DType dtype = out.get(0).dtype();
        return map(
                in.get(0),
                x -> op.reversed()
                        ? combine(op.kind(), op.scalar(), x, dtype)
                        : combine(op.kind(), x, op.scalar(), dtype));
    }

    private static double combine(BinaryKind kind, double a, double b, DType dtype) {
        double value = switch (kind) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case MAX -> Math.max(a, b);
            case MIN -> Math.min(a, b);
            case POW -> Math.pow(a, b);
        };
        return dtype == DType.INT32 ? (int) value : value;
    }

    static List<double[]> compare(Compare op, List<HostTensor> in, List<TensorType> out) {
        return zip(in, out.get(0).shape(), (a, b) -> {
            boolean holds = switch (op.kind()) {
                case EQUAL -> a == b;
                case NOT_EQUAL -> a != b;
                case LESS -> a < b;
                case LESS_EQUAL -> a <= b;
                case GREATER -> a > b;
                case GREATER_EQUAL -> a >= b;
            };
            return holds ? 1 : 0;
        });
    }

    static List<double[]> select(Select op, List<HostTensor> in, List<TensorType> out) {
        double[] data = new double[in.get(0).data().length];
        Arrays.setAll(data, i -> in.get(in.get(0).data()[i] != 0 ? 1 : 2).data()[i]);
        return List.of(data);
    }

    static List<double[]> cast(Cast op, List<HostTensor> in, List<TensorType> out) {
        return map(in.get(0), x -> switch (op.dtype()) {
            case FLOAT32, FLOAT64, BFLOAT16, FLOAT16 -> x;
            case INT32 -> (int) x;
            case BOOL -> x != 0 ? 1 : 0;
        });
    }

    static List<double[]> addN(AddN op, List<HostTensor> in, List<TensorType> out) {
        double[] data = new double[in.get(0).data().length];
        for (HostTensor operand : in) {
            Arrays.setAll(data, i -> data[i] + operand.data()[i]);
        }
        return List.of(data);
    }

    /** The steps one after the other. */
    static List<double[]> fused(FusedElementwise op, List<HostTensor> in, List<TensorType> out) {
        List<HostTensor> values = new ArrayList<>(in);
        for (FusedElementwise.Step step : op.steps()) {
            values.addAll(ReferenceInterpreter.run(
                    step.op(), step.arguments().stream().map(values::get).toList()));
        }
        return List.of(values.get(values.size() - 1).data());
    }

    static List<double[]> map(HostTensor x, DoubleUnaryOperator function) {
        return List.of(Arrays.stream(x.data()).map(function).toArray());
    }

    private static List<double[]> zip(List<HostTensor> in, Shape shape, DoubleBinaryOperator function) {
        double[] data = new double[Math.toIntExact(shape.numElements())];
        for (int i = 0; i < data.length; i++) {
            int[] index = RowMajor.index(shape, i);
            data[i] = function.applyAsDouble(
                    in.get(0).broadcastAt(index), in.get(1).broadcastAt(index));
        }
        return List.of(data);
    }
}
