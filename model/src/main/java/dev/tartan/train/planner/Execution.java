package dev.tartan.train.planner;

import dev.tartan.graph.DType;

/**
 * How a trainer runs a program, where that matters to time.
 *
 * @param precision of matrix products, activations and parameters on the wire
 * @param writesProbabilities whether attention writes its probabilities to memory
 * @param overlapsModel whether collectives over {@code model} run in pieces beside the products that need them
 */
record Execution(DType precision, boolean writesProbabilities, boolean overlapsModel) {
    /** Tartan's own. */
    static final Execution TARTAN = new Execution(DType.FLOAT32, true, false);

    /** Megatron-LM's: bfloat16, flash attention, {@code --tp-comm-overlap}. */
    static final Execution MEGATRON = new Execution(DType.BFLOAT16, false, true);
}
