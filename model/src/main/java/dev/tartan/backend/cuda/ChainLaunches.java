package dev.tartan.backend.cuda;

import dev.tartan.graph.Op;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Activate;
import dev.tartan.op.ActivateGrad;
import dev.tartan.op.Activation;
import dev.tartan.op.AddN;
import dev.tartan.op.Binary;
import dev.tartan.op.BinaryKind;
import dev.tartan.op.FusedElementwise;
import dev.tartan.op.ScalarBinary;
import dev.tartan.op.Unary;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Chains of elementwise ops, a kernel of its own for each chain; see {@code chain.cu}. */
final class ChainLaunches implements OpLaunches<FusedElementwise> {
    private static final int MAX_OPERANDS = 6;
    private static final int MAX_STEPS = 8;

    /** Operands are of the result's shape, or of its last dims: then they are repeated. */
    @Override
    public boolean accepts(FusedElementwise op, List<DeviceTensor> operands) {
        Shape result = largest(operands);
        return op.numOperands() <= MAX_OPERANDS
                && op.steps().size() <= MAX_STEPS
                && operands.stream()
                        .allMatch(operand -> CudaType.COMPUTED.contains(operand.type())
                                && operand.count() > 0
                                && isRepeated(operand.shape(), result));
    }

    private static Shape largest(List<DeviceTensor> operands) {
        Shape largest = operands.get(0).shape();
        for (DeviceTensor operand : operands) {
            boolean isLarger = operand.shape().numElements() > largest.numElements()
                    || operand.shape().numDims() > largest.numDims();
            largest = isLarger ? operand.shape() : largest;
        }
        return largest;
    }

    /** Whether a shape is broadcast to another by saying its elements again and again. */
    private static boolean isRepeated(Shape part, Shape whole) {
        return part.numElements() == 1 || isSuffix(part, whole);
    }

    private static boolean isSuffix(Shape part, Shape whole) {
        int missing = whole.numDims() - part.numDims();
        if (missing < 0) {
            return false;
        }
        for (int d = 0; d < part.numDims(); d++) {
            if (part.dim(d) != whole.dim(missing + d)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public List<Launch> launches(
            FusedElementwise op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor z = results.get(0);
        return List.of(Launch.flat(
                name(op, z.type()),
                z.count(),
                z.type().packElements(),
                KernelArguments.builder()
                        .pointers(z)
                        .struct(operandBytes(op, operands))
                        .int64(z.count())));
    }

    private static byte[] operandBytes(FusedElementwise op, List<DeviceTensor> operands) {
        ByteBuffer bytes = ByteBuffer.allocate(MAX_OPERANDS * 2 * Long.BYTES + MAX_STEPS * Double.BYTES)
                .order(ByteOrder.nativeOrder());
        operands.forEach(operand -> bytes.putLong(operand.address()));
        bytes.position(MAX_OPERANDS * Long.BYTES);
        operands.forEach(operand -> bytes.putLong(operand.count()));
        bytes.position(MAX_OPERANDS * 2 * Long.BYTES);
        for (FusedElementwise.Step step : op.steps()) {
            bytes.putDouble(step.op() instanceof ScalarBinary scalar ? scalar.scalar() : 0);
        }
        return bytes.array();
    }

    private static KernelName name(FusedElementwise op, CudaType type) {
        List<Object> arguments = new ArrayList<>(List.of(type, op.numOperands()));
        for (int i = 0; i < op.steps().size(); i++) {
            arguments.add(step(op.steps().get(i), i));
        }
        return KernelName.of(CudaSource.CHAIN, "chain", arguments.toArray());
    }

    private static String step(FusedElementwise.Step step, int index) {
        List<Object> arguments = new ArrayList<>();
        if (!(step.op() instanceof AddN)) {
            arguments.add(functor(step.op()));
        }
        arguments.addAll(step.arguments());
        if (step.op() instanceof ScalarBinary scalar) {
            arguments.add(index);
            arguments.add(scalar.reversed());
        }
        String template =
                step.op() instanceof AddN ? "SumCall" : step.op() instanceof ScalarBinary ? "ScalarCall" : "Call";
        return KernelName.of(CudaSource.CHAIN, template, arguments.toArray()).expression();
    }

    private static String functor(Op op) {
        if (op instanceof Unary unary) {
            return KernelName.functor(unary.kind());
        } else if (op instanceof Binary binary) {
            return KernelName.functor(binary.kind());
        } else if (op instanceof ScalarBinary scalar) {
            return KernelName.functor(scalar.kind());
        } else if (op instanceof Activate activate) {
            return KernelName.functor(activate.activation());
        } else if (op instanceof ActivateGrad gradient) {
            return KernelName.functor(gradient.activation()) + "Grad";
        }
        throw new IllegalArgumentException("chain has no such step: op=" + op + ". Give it a case here.");
    }

    /** A chain with a step of each form; there is no end of others. */
    static List<KernelName> kernels() {
        FusedElementwise chain = new FusedElementwise(
                3,
                List.of(
                        new FusedElementwise.Step(new ScalarBinary(BinaryKind.MUL, 0.5, true), List.of(0)),
                        new FusedElementwise.Step(new Binary(BinaryKind.ADD), List.of(3, 1)),
                        new FusedElementwise.Step(new Activate(Activation.GELU), List.of(4)),
                        new FusedElementwise.Step(new AddN(), List.of(5, 2, 4))));
        return CudaType.COMPUTED.stream().map(type -> name(chain, type)).toList();
    }
}
