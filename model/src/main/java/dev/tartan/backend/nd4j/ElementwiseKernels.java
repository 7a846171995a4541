package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.KernelFactory;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.backend.host.HostSequence;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Activate;
import dev.tartan.op.Activation;
import dev.tartan.op.AddN;
import dev.tartan.op.Binary;
import dev.tartan.op.BinaryKind;
import dev.tartan.op.Cast;
import dev.tartan.op.Compare;
import dev.tartan.op.ScalarBinary;
import dev.tartan.op.Select;
import dev.tartan.op.Unary;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.api.ops.impl.transforms.floating.RSqrt;
import org.nd4j.linalg.api.ops.impl.transforms.floating.Sqrt;
import org.nd4j.linalg.api.ops.impl.transforms.same.Abs;
import org.nd4j.linalg.api.ops.impl.transforms.same.Negative;
import org.nd4j.linalg.api.ops.impl.transforms.same.Reciprocal;
import org.nd4j.linalg.api.ops.impl.transforms.same.Sign;
import org.nd4j.linalg.api.ops.impl.transforms.same.Square;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Cos;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Exp;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Log;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Sin;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Tanh;
import org.nd4j.linalg.factory.Nd4j;

/** Functions of single elements. */
final class ElementwiseKernels {
    private ElementwiseKernels() {}

    static HostKernel binary(Binary op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        return broadcast(name(op.kind()), operands, results.get(0));
    }

    static HostKernel compare(Compare op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        String name = switch (op.kind()) {
            case EQUAL -> "equals";
            case NOT_EQUAL -> "not_equals";
            case LESS -> "less";
            case LESS_EQUAL -> "less_equal";
            case GREATER -> "greater";
            case GREATER_EQUAL -> "greater_equal";
        };
        return broadcast(name, operands, results.get(0));
    }

    static HostKernel scalarBinary(ScalarBinary op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        INDArray x = Nd4jBuffers.flat(operands.get(0));
        INDArray z = Nd4jBuffers.flat(results.get(0));
        INDArray scalar = constant(operands.get(0).type().dtype(), op.scalar());
        return Nd4jKernel.custom(name(op.kind()), op.reversed() ? List.of(scalar, x) : List.of(x, scalar), List.of(z));
    }

    static HostKernel unary(Unary op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        INDArray x = Nd4jBuffers.flat(operands.get(0));
        INDArray z = Nd4jBuffers.flat(results.get(0));
        Op function = switch (op.kind()) {
            case NEG -> new Negative(x, z);
            case ABS -> new Abs(x, z);
            case SIGN -> new Sign(x, z);
            case EXP -> new Exp(x, z);
            case LOG -> new Log(x, z);
            case SQRT -> new Sqrt(x, z);
            case RSQRT -> new RSqrt(x, z);
            case RECIPROCAL -> new Reciprocal(x, z);
            case SQUARE -> new Square(x, z);
            case SIN -> new Sin(x, z);
            case COS -> new Cos(x, z);
        };
        return Nd4jKernel.legacy(function, x, z);
    }

    /** The hyperbolic tangent, float64: one pass instead of the decomposition's six. */
    static KernelFactory<Activate> tanh() {
        return new KernelFactory<>() {
            @Override
            public boolean accepts(Activate op, List<TensorType> operands) {
                return op.activation() == Activation.TANH && operands.get(0).dtype() == DType.FLOAT64;
            }

            @Override
            public HostKernel bind(Activate op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                INDArray x = Nd4jBuffers.flat(operands.get(0));
                INDArray z = Nd4jBuffers.flat(results.get(0));
                return Nd4jKernel.legacy(new Tanh(x, z), x, z);
            }
        };
    }

    static HostKernel cast(Cast op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        long code = Nd4jBuffer.nd4jType(op.dtype()).toInt();
        return Nd4jKernel.custom(
                "cast",
                List.of(Nd4jBuffers.flat(operands.get(0))),
                List.of(Nd4jBuffers.flat(results.get(0))),
                new double[0],
                new long[] {code});
    }

    static HostKernel select(Select op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        return Nd4jKernel.custom(
                "select", operands.stream().map(Nd4jBuffers::flat).toList(), List.of(Nd4jBuffers.flat(results.get(0))));
    }

    static HostKernel addN(AddN op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        INDArray z = Nd4jBuffers.flat(results.get(0));
        INDArray first = Nd4jBuffers.flat(operands.get(0));
        if (operands.size() == 1) {
            return Nd4jKernel.copy(first, z);
        }
        List<HostKernel> kernels = new ArrayList<>();
        for (int i = 1; i < operands.size(); i++) {
            INDArray left = i == 1 ? first : z;
            kernels.add(Nd4jKernel.custom("add", List.of(left, Nd4jBuffers.flat(operands.get(i))), List.of(z)));
        }
        return new HostSequence(kernels);
    }

    /** One number, of ND4J's own memory, in the shape that broadcasts to any vector. */
    static INDArray constant(DType dtype, double value) {
        return Nd4j.valueArrayOf(new long[] {1}, value, Nd4jBuffer.nd4jType(dtype));
    }

    private static HostKernel broadcast(String name, List<Buffer> operands, Buffer result) {
        List<Shape> shapes =
                operands.stream().map(operand -> operand.type().shape()).toList();
        BroadcastForm form = BroadcastForm.of(result.type().shape(), shapes);
        List<INDArray> inputs = new ArrayList<>();
        for (int i = 0; i < operands.size(); i++) {
            inputs.add(Nd4jBuffers.array(operands.get(i), form.operands().get(i)));
        }
        return Nd4jKernel.custom(name, inputs, List.of(Nd4jBuffers.array(result, form.result())));
    }

    private static String name(BinaryKind kind) {
        return switch (kind) {
            case ADD -> "add";
            case SUB -> "subtract";
            case MUL -> "multiply";
            case DIV -> "divide";
            case MAX -> "maximum";
            case MIN -> "minimum";
            case POW -> "Pow";
        };
    }
}
