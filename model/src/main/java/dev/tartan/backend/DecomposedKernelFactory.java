package dev.tartan.backend;

import dev.tartan.graph.Node;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.op.DecomposableOp;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Runs a fused op as the primitives it decomposes into, their intermediate values in scratch memory. */
final class DecomposedKernelFactory implements KernelFactory<DecomposableOp> {
    private final KernelLibrary library;

    DecomposedKernelFactory(KernelLibrary library) {
        this.library = library;
    }

    @Override
    public long scratchBytes(DecomposableOp op, List<TensorType> operands) {
        Decomposition decomposition = Decomposition.of(op, operands);
        long kernelBytes = 0;
        for (Node node : decomposition.nodes()) {
            kernelBytes = Math.max(kernelBytes, library.scratchBytes(node.op(), node.operandTypes()));
        }
        return decomposition.valueBytes() + kernelBytes;
    }

    @Override
    public Kernel bind(DecomposableOp op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        Decomposition decomposition =
                Decomposition.of(op, operands.stream().map(Buffer::type).toList());
        Map<Value, Buffer> buffers = new LinkedHashMap<>();
        for (int i = 0; i < operands.size(); i++) {
            buffers.put(decomposition.inputs().get(i), operands.get(i));
        }
        for (int i = 0; i < results.size(); i++) {
            buffers.put(decomposition.results().get(i), results.get(i));
        }
        decomposition.offsets().forEach((value, offset) -> buffers.put(value, scratch.at(offset, value.type())));
        List<Kernel> kernels = new ArrayList<>();
        for (Node node : decomposition.nodes()) {
            if (!buffers.containsKey(node.result())) {
                // A reshape without memory of its own.
                Buffer operand = bufferOf(buffers, node.operands().get(0));
                buffers.put(node.result(), operand.as(node.result().type()));
                continue;
            }
            kernels.add(library.bind(
                    node.op(),
                    node.operands().stream()
                            .map(value -> bufferOf(buffers, value))
                            .toList(),
                    node.results().stream()
                            .map(value -> bufferOf(buffers, value))
                            .toList(),
                    scratch.from(decomposition.valueBytes())));
        }
        return new KernelSequence(kernels);
    }

    private static Buffer bufferOf(Map<Value, Buffer> buffers, Value value) {
        return Objects.requireNonNull(buffers.get(value), value::toString);
    }
}
