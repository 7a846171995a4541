package dev.tartan.backend;

import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Cast;
import dev.tartan.op.Fill;
import dev.tartan.op.Iota;
import dev.tartan.op.RandomUniform;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs an op on 16-bit floats as the op on float32: operands are widened into scratch memory, which is exact, and
 * results rounded from there, once. For example a product {@code bf16[8, 4] = einsum (bf16[8, 16], bf16[16, 4])} takes
 * scratch for f32[8, 16], f32[16, 4] and f32[8, 4], and what the float32 product needs itself.
 */
final class WidenedKernelFactory implements KernelFactory<Op> {
    private final KernelLibrary library;

    WidenedKernelFactory(KernelLibrary library) {
        this.library = library;
    }

    /** Whether the op takes or makes 16-bit floats. */
    static boolean hasHalves(Op op, List<TensorType> operands) {
        return operands.stream().anyMatch(WidenedKernelFactory::isHalf)
                || op.resultTypes(operands).stream().anyMatch(WidenedKernelFactory::isHalf);
    }

    private static boolean isHalf(TensorType type) {
        return type.dtype().isHalf();
    }

    private static TensorType widened(TensorType type) {
        return new TensorType(type.dtype().accumulated(), type.shape());
    }

    /** The op with the types it names widened. */
    private static Op widened(Op op) {
        if (op instanceof Fill fill) {
            return new Fill(widened(fill.type()), fill.value());
        }
        if (op instanceof Iota iota) {
            return new Iota(widened(iota.type()), iota.dim(), iota.offset());
        }
        if (op instanceof RandomUniform random) {
            return new RandomUniform(
                    widened(random.type()), random.seed(), random.stream(), random.whole(), random.offsets());
        }
        return op;
    }

    @Override
    public long scratchBytes(Op op, List<TensorType> operands) {
        Op wide = widened(op);
        List<TensorType> wideOperands =
                operands.stream().map(WidenedKernelFactory::widened).toList();
        return Scratch.bytesFor(copies(operands, op.resultTypes(operands))) + library.scratchBytes(wide, wideOperands);
    }

    /** The float32 tensors in scratch memory, of operands and then of results. */
    private static List<TensorType> copies(List<TensorType> operands, List<TensorType> results) {
        List<TensorType> halves = new ArrayList<>();
        operands.stream().filter(WidenedKernelFactory::isHalf).forEach(halves::add);
        results.stream().filter(WidenedKernelFactory::isHalf).forEach(halves::add);
        return halves.stream().map(WidenedKernelFactory::widened).toList();
    }

    @Override
    public Kernel bind(Op op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        List<Kernel> kernels = new ArrayList<>();
        List<Buffer> wideOperands = new ArrayList<>();
        for (Buffer operand : operands) {
            Buffer wide = wide(operand, scratch);
            if (wide != operand) {
                kernels.add(library.bind(new Cast(DType.FLOAT32), List.of(operand), List.of(wide), scratch));
            }
            wideOperands.add(wide);
        }
        List<Buffer> wideResults =
                results.stream().map(result -> wide(result, scratch)).toList();
        long copied = Scratch.bytesFor(copies(
                operands.stream().map(Buffer::type).toList(),
                results.stream().map(Buffer::type).toList()));
        kernels.add(library.bind(widened(op), wideOperands, wideResults, scratch.from(copied)));
        for (int i = 0; i < results.size(); i++) {
            Buffer result = results.get(i);
            if (wideResults.get(i) != result) {
                kernels.add(library.bind(
                        new Cast(result.type().dtype()), List.of(wideResults.get(i)), List.of(result), scratch));
            }
        }
        return new KernelSequence(kernels);
    }

    private static Buffer wide(Buffer buffer, Scratch scratch) {
        return isHalf(buffer.type()) ? scratch.take(widened(buffer.type())) : buffer;
    }
}
