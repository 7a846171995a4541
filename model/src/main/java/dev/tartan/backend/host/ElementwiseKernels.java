package dev.tartan.backend.host;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.KernelFactory;
import dev.tartan.backend.Scratch;
import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.BinaryKind;
import dev.tartan.op.Fill;
import dev.tartan.op.FusedElementwise;
import dev.tartan.op.Unary;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Arithmetic on floats of 32 and 16 bits, in float32 and rounded once. The result may overwrite an operand of its
 * shape. An operand may also be repeated along the leading dims, as a bias is. ND4J has large tensors of float32; a
 * call of it takes some microseconds, whatever it does, and a network has many small tensors.
 */
final class ElementwiseKernels {
    private static final int TILE_ELEMENTS = 2048;

    /** From here on ND4J's kernels are as quick. */
    private static final int LARGE_ELEMENTS = 16 * 1024;

    private ElementwiseKernels() {}

    /** The kernel of a single op, which is a chain of one step. */
    static <O extends Op> KernelFactory<O> single(Workers workers) {
        return new OfFloats<>() {
            @Override
            public boolean accepts(O op, List<TensorType> operands) {
                return super.accepts(op, operands) && (!(op instanceof Unary unary) || hasFunction(unary.kind()));
            }

            @Override
            public HostKernel bind(O op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                List<Integer> arguments =
                        IntStream.range(0, operands.size()).boxed().toList();
                List<FusedElementwise.Step> step = List.of(new FusedElementwise.Step(op, arguments));
                return FusedKernels.chain(
                        new FusedElementwise(operands.size(), step), operands, results.get(0), workers);
            }
        };
    }

    static KernelFactory<Fill> fill(Workers workers) {
        return new OfFloats<>() {
            @Override
            public HostKernel bind(Fill op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                Floats out = Floats.of(results.get(0));
                return Rows.forEachTile(workers, out.capacity(), TILE_ELEMENTS, (start, n, tile) -> {
                    Arrays.fill(tile.a, 0, n, (float) op.value());
                    out.put(start, tile.a, 0, n);
                });
            }
        };
    }

    private abstract static class OfFloats<O extends Op> implements KernelFactory<O> {
        @Override
        public boolean takesHalves() {
            return true;
        }

        @Override
        public boolean accepts(O op, List<TensorType> operands) {
            TensorType result = op.resultTypes(operands).get(0);
            boolean isSmall = result.dtype() == DType.FLOAT32 && result.shape().numElements() < LARGE_ELEMENTS;
            return (isSmall || result.dtype().isHalf())
                    && result.bytes() <= Integer.MAX_VALUE
                    && operands.stream().allMatch(operand -> isRepeated(operand.shape(), result.shape()));
        }
    }

    /** Whether the elements of {@code operand}, again and again, are those of it broadcast to {@code result}. */
    static boolean isRepeated(Shape operand, Shape result) {
        int first = 0;
        while (first < operand.numDims() && operand.dim(first) == 1) {
            first++;
        }
        int numDims = operand.numDims() - first;
        for (int i = 1; i <= numDims; i++) {
            if (operand.dim(-i) != result.dim(-i)) {
                return false;
            }
        }
        return true;
    }

    static void readRepeated(Floats from, int start, float[] into, int n) {
        int period = from.capacity();
        if (period == 1) {
            Arrays.fill(into, 0, n, from.get(0));
            return;
        }
        int position = start % period;
        int done = 0;
        while (done < n) {
            int length = Math.min(n - done, period - position);
            from.get(position, into, done, length);
            done += length;
            position = 0;
        }
    }

    private static boolean hasFunction(Unary.Kind kind) {
        return switch (kind) {
            case NEG, ABS, SQRT, RSQRT, RECIPROCAL, SQUARE -> true;
            case SIGN, EXP, LOG, SIN, COS -> false;
        };
    }

    /** z = kind of x; {@code z} may be {@code x}. */
    static void apply(Unary.Kind kind, float[] x, float[] z, int n) {
        switch (kind) {
            case NEG -> {
                for (int i = 0; i < n; i++) {
                    z[i] = -x[i];
                }
            }
            case ABS -> {
                for (int i = 0; i < n; i++) {
                    z[i] = Math.abs(x[i]);
                }
            }
            case SQRT -> {
                for (int i = 0; i < n; i++) {
                    z[i] = (float) Math.sqrt(x[i]);
                }
            }
            case RSQRT -> {
                for (int i = 0; i < n; i++) {
                    z[i] = 1 / (float) Math.sqrt(x[i]);
                }
            }
            case RECIPROCAL -> {
                for (int i = 0; i < n; i++) {
                    z[i] = 1 / x[i];
                }
            }
            case SQUARE -> RowMath.multiply(x, x, z, n);
            default -> throw new IllegalArgumentException("kernel has no such function: kind=" + kind);
        }
    }

    /** z = left kind right; {@code z} may be one of them. */
    static void combine(BinaryKind kind, float[] left, float[] right, float[] z, int n) {
        switch (kind) {
            case ADD -> {
                for (int i = 0; i < n; i++) {
                    z[i] = left[i] + right[i];
                }
            }
            case SUB -> {
                for (int i = 0; i < n; i++) {
                    z[i] = left[i] - right[i];
                }
            }
            case MUL -> RowMath.multiply(left, right, z, n);
            case DIV -> {
                for (int i = 0; i < n; i++) {
                    z[i] = left[i] / right[i];
                }
            }
            case MAX -> {
                for (int i = 0; i < n; i++) {
                    z[i] = Math.max(left[i], right[i]);
                }
            }
            case MIN -> {
                for (int i = 0; i < n; i++) {
                    z[i] = Math.min(left[i], right[i]);
                }
            }
            case POW -> {
                for (int i = 0; i < n; i++) {
                    z[i] = (float) Math.pow(left[i], right[i]);
                }
            }
        }
    }
}
