package dev.tartan.op;

import dev.tartan.graph.Op;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An op that knows its gradient in terms of other ops. */
public interface DifferentiableOp extends Op {
    /**
     * Gradients with respect to the operands.
     *
     * @param operands the op's operands
     * @param results the op's results
     * @param resultGradients gradient of each result; null where nothing depends on it
     * @return per operand its gradient, of the operand's shape; null where none flows (integers, conditions)
     */
    List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients);
}
