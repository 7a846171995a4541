package dev.tartan.op;

import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import java.util.ArrayList;
import java.util.List;

/**
 * A fused op that can say itself in primitives. The partitioner uses that where a factor that needs replication is
 * split, a backend without the fused kernel uses it, and tests use it as the oracle.
 */
public interface DecomposableOp extends Op {
    /** The same results made from primitives; of operands and to results that are not of 16 bits. */
    List<Tensor> decompose(List<Tensor> operands);

    /** As {@link #decompose}, of any operands: what is of 16 bits is widened first, and rounded at the end. */
    default List<Tensor> primitives(List<Tensor> operands) {
        List<TensorType> types = operands.stream().map(Tensor::type).toList();
        List<TensorType> results = resultTypes(types);
        List<Tensor> wide = operands.stream()
                .map(operand -> operand.cast(operand.dtype().accumulated()))
                .toList();
        List<Tensor> made = decompose(wide);
        List<Tensor> typed = new ArrayList<>();
        for (int i = 0; i < made.size(); i++) {
            typed.add(made.get(i).cast(results.get(i).dtype()));
        }
        return typed;
    }
}
