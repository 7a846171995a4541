package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.KernelFactory;
import dev.tartan.backend.Scratch;
import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Activate;
import dev.tartan.op.ActivateGrad;
import dev.tartan.op.AddN;
import dev.tartan.op.Binary;
import dev.tartan.op.BinaryKind;
import dev.tartan.op.FusedElementwise;
import dev.tartan.op.ScalarBinary;
import dev.tartan.op.Unary;
import java.util.List;

/**
 * Chains of elementwise ops on float32, tile by tile: only operands and result go through memory. The result is that of
 * the ops one by one, to the bit, and may overwrite operands of its shape. So there are chains only of ops that round
 * alike here and in ND4J, and none of 16-bit floats, which the ops would round after every step.
 */
final class FusedKernels implements KernelFactory<FusedElementwise> {
    private static final int TILE_ELEMENTS = 2048;

    private final Workers workers;

    FusedKernels(Workers workers) {
        this.workers = workers;
    }

    @Override
    public boolean accepts(FusedElementwise op, List<TensorType> operands) {
        TensorType result = op.resultTypes(operands).get(0);
        return result.dtype() == DType.FLOAT32
                && result.bytes() <= Integer.MAX_VALUE
                && operands.stream()
                        .allMatch(operand -> operand.shape().numElements() > 0
                                && ElementwiseKernels.isRepeated(operand.shape(), result.shape()))
                && op.steps().stream().allMatch(step -> isExact(step.op()));
    }

    /** Whether an op has the same result wherever it is computed; the extremes differ in NaN, powers in rounding. */
    private static boolean isExact(Op op) {
        if (op instanceof Unary unary) {
            return switch (unary.kind()) {
                case NEG, ABS, SQUARE -> true;
                case SQRT, RSQRT, RECIPROCAL, SIGN, EXP, LOG, SIN, COS -> false;
            };
        }
        if (op instanceof Binary binary) {
            return isExact(binary.kind());
        }
        if (op instanceof ScalarBinary scalar) {
            return isExact(scalar.kind());
        }
        return op instanceof AddN || op instanceof Activate || op instanceof ActivateGrad;
    }

    private static boolean isExact(BinaryKind kind) {
        return switch (kind) {
            case ADD, SUB, MUL, DIV -> true;
            case MAX, MIN, POW -> false;
        };
    }

    @Override
    public HostKernel bind(FusedElementwise op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        return chain(op, operands, results.get(0), workers);
    }

    /** Does the steps of an op to one tile after the other; rounds to 16 bits only at the end. */
    static HostKernel chain(FusedElementwise op, List<Buffer> operands, Buffer into, Workers workers) {
        List<Floats> in = operands.stream().map(Floats::of).toList();
        Floats out = Floats.of(into);
        List<FusedStep> steps = FusedStep.of(op);
        return Rows.forEachTile(workers, out.capacity(), TILE_ELEMENTS, (start, n, tile) -> {
            float[] result = tile.a;
            for (FusedStep step : steps) {
                step.load(in, start, n, tile);
                result = step.run(n, tile);
            }
            out.put(start, result, 0, n);
        });
    }
}
