package dev.tartan.op;

import dev.tartan.graph.Op;
import java.util.List;

/**
 * A fused op that can say itself in primitives. The partitioner uses that where a factor that needs replication is
 * split, a backend without the fused kernel uses it, and tests use it as the oracle.
 */
public interface DecomposableOp extends Op {
    /** The same results made from primitives. */
    List<Tensor> decompose(List<Tensor> operands);
}
