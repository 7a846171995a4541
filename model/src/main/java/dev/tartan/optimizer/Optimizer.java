package dev.tartan.optimizer;

import dev.tartan.graph.DType;
import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import java.util.List;

/**
 * A pure init/update pair. The state of a parameter is a fixed list of tensors of its type, zero at first; an update
 * maps parameter, gradient and state to the new parameter and state.
 *
 * <p>Idea: optax.
 */
public interface Optimizer {
    /** A short name for each state tensor of a parameter, for example {@code m} and {@code v}. */
    List<String> stateNames();

    /** This optimizer for a run of so many steps, over which its schedule goes if that has no length of its own. */
    default Optimizer over(int steps) {
        return this;
    }

    /**
     * The updates of one step.
     *
     * @param step an INT32 scalar that counts from 0
     * @param dtype the element type of the parameters
     */
    Updates begin(Tensor step, DType dtype);

    /** One step's update rule, holding the scalars that all parameters share. */
    @FunctionalInterface
    interface Updates {
        /**
         * Updates one parameter.
         *
         * @param declared which parameter, for what depends on its kind
         * @param state one tensor per name in {@link #stateNames}
         */
        Updated update(Param declared, Tensor value, Tensor gradient, List<Tensor> state);
    }

    /** A parameter and its state after the update. */
    record Updated(Tensor value, List<Tensor> state) {
        public Updated {
            state = List.copyOf(state);
        }
    }
}
