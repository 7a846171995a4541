package dev.tartan.dl4j;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.mesh.PartitionSpec;
import dev.tartan.network.Initializers;
import dev.tartan.network.Module;
import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The state of a recurrent layer between the parts of its sequences, {@code [samples/data, units]}: what truncated
 * backpropagation through time goes on with, a part a step. It is saved with the network's statistics.
 */
final class CarriedState extends Module {
    private final Param output;
    private final @Nullable Param cell;

    CarriedState(long batch, long units, boolean hasCell) {
        output = carried("output", batch, units);
        cell = hasCell ? carried("cell", batch, units) : null;
    }

    private Param carried(String name, long batch, long units) {
        return state(name, shape(batch, units), Initializers.zeros()).sharded(PartitionSpec.spec("data", null));
    }

    /** The output before the first step of this part; zero where sequences begin. */
    Tensor output(Tensor x, LayerPass pass) {
        return kept(output, x, pass);
    }

    /** The cell before the first step of this part. */
    Tensor cell(Tensor x, LayerPass pass) {
        return kept(Objects.requireNonNull(cell), x, pass);
    }

    private static Tensor kept(Param state, Tensor x, LayerPass pass) {
        return state.on(x.graph()).mul(Objects.requireNonNull(pass.kept()).cast(x.dtype()));
    }

    /** Takes the last step of {@code [samples, steps, units]}. */
    void update(Tensor outputs, @Nullable Tensor cells, LayerPass pass) {
        pass.pass().update(output, last(outputs));
        if (cells != null) {
            pass.pass().update(Objects.requireNonNull(cell), last(cells));
        }
    }

    private static Tensor last(Tensor x) {
        long[] dims = x.shape().dims();
        return x.slice(1, dims[1] - 1, 1).reshape(dims[0], dims[2]).stopGradient();
    }

    /**
     * The outputs with the gradient that DL4J gives them: its backward pass runs the layer again from a state of zero.
     *
     * @param fromZero runs the layer so
     */
    Tensor differentiated(Tensor outputs, Supplier<Tensor> fromZero, LayerPass pass) {
        return pass.correct() ? outputs : Activations.withGradientOf(outputs, fromZero.get());
    }
}
