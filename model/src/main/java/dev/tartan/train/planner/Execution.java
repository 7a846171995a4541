package dev.tartan.train.planner;

import dev.tartan.graph.DType;
import dev.tartan.train.config.PrecisionPolicy;

/**
 * How a trainer runs a program, where that matters to time.
 *
 * @param precision of matrix products and activations
 * @param parameters of parameters on the wire
 * @param reduce of gradients on the wire
 * @param overlapsModel whether collectives over {@code model} run in pieces beside the products that need them
 */
record Execution(DType precision, DType parameters, DType reduce, boolean overlapsModel) {
    /** Tartan's own, in these types. */
    static Execution tartan(PrecisionPolicy policy) {
        return new Execution(policy.compute(), policy.parameters(), policy.reduce(), false);
    }

    /** Megatron-LM's: bfloat16, gradients in float32, flash attention, {@code --tp-comm-overlap}. */
    static final Execution MEGATRON = new Execution(DType.BFLOAT16, DType.BFLOAT16, DType.FLOAT32, true);
}
