package dev.tartan.optimizer;

import dev.tartan.graph.DType;
import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A pure init/update pair. The state of a parameter is a fixed list of tensors of its type, full of
 * {@link #initialState} at first, and of its shape unless {@link #stateDims} says otherwise; an update maps parameter,
 * gradient and state to the new parameter and state.
 *
 * <p>Idea: optax.
 */
public interface Optimizer {
    /** A short name for each state tensor of a parameter, for example {@code m} and {@code v}. */
    List<String> stateNames(Param declared);

    /** What all elements of a state tensor are at first; 0 unless overridden. */
    default double initialState(String name, Param declared) {
        return 0;
    }

    /**
     * The dims of its parameter that a state tensor has; the others are 1 in it. All, unless overridden: Adafactor has
     * of a matrix one tensor of its rows, {@code [n, 1]}, and one of its columns, {@code [1, m]}. A parameter may be
     * kept with zeros behind its elements, which is harmless to sums along a dim, but not to means.
     *
     * @param name of the state tensor
     * @param numDims of the parameter
     */
    default Set<Integer> stateDims(String name, Param declared, int numDims) {
        return IntStream.range(0, numDims).boxed().collect(Collectors.toUnmodifiableSet());
    }

    /** This optimizer for a run of so many steps, over which its schedule goes if that has no length of its own. */
    default Optimizer over(int steps) {
        return this;
    }

    /** This optimizer for epochs of so many steps, if it goes by epochs. */
    default Optimizer ofEpoch(long stepsPerEpoch) {
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
         * What is done to all gradients before the first update, such as scaling by norms; nothing unless overridden.
         *
         * @param declared the parameters that have a gradient
         * @param gradients of each, laid out as optimizer state
         * @param states that the forward pass has updated, such as running statistics
         */
        default Prepared prepare(List<Param> declared, List<Tensor> gradients, List<StateUpdate> states) {
            return Prepared.unchanged(gradients, states);
        }

        /**
         * Updates one parameter.
         *
         * @param declared which parameter, for what depends on its kind
         * @param state one tensor per name in {@link Optimizer#stateNames}
         */
        Updated update(Param declared, Tensor value, Tensor gradient, List<Tensor> state);
    }

    /** A state of the network, and what the forward pass has made of it. */
    record StateUpdate(Param state, Tensor before, Tensor after) {}

    /**
     * What is updated by.
     *
     * @param gradients in the order of their parameters
     * @param states what each becomes
     */
    record Prepared(List<Tensor> gradients, List<Tensor> states) {
        public Prepared {
            gradients = List.copyOf(gradients);
            states = List.copyOf(states);
        }

        /** Gradients and states as they are. */
        public static Prepared unchanged(List<Tensor> gradients, List<StateUpdate> states) {
            return new Prepared(
                    gradients, states.stream().map(StateUpdate::after).toList());
        }
    }

    /** A parameter and its state after the update. */
    record Updated(Tensor value, List<Tensor> state) {
        public Updated {
            state = List.copyOf(state);
        }
    }
}
