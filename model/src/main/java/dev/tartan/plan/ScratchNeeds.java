package dev.tartan.plan;

import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import java.util.List;

/** How much memory a backend's kernel needs for its own temporaries. */
@FunctionalInterface
public interface ScratchNeeds {
    /** No scratch at all. */
    ScratchNeeds NONE = (op, operands) -> 0;

    /** Bytes needed while the op runs on operands of these types. */
    long bytes(Op op, List<TensorType> operands);
}
