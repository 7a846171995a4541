package dev.tartan.train.graph;

import dev.tartan.graph.Value;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.StorageLayout;
import dev.tartan.network.Param;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A tensor that lives from step to step: a parameter, or optimizer state that belongs to one.
 *
 * @param name the parameter's name, with {@code .m} and so on after it for optimizer state
 * @param input the value as the step finds it; its type includes padding
 * @param outputLabel the graph's output that replaces it after the step; null where it is only read
 * @param param the parameter, or the one that the state belongs to; null for a number of the run
 * @param layout how it is kept on the mesh
 * @param begin what all elements of optimizer state are at first
 */
public record StateBinding(
        String name,
        Value input,
        @Nullable String outputLabel,
        @Nullable Param param,
        StorageLayout layout,
        Kind kind,
        double begin) {
    /** A tensor of the network. */
    public StateBinding(
            String name, Value input, @Nullable String outputLabel, Param param, StorageLayout layout, Kind kind) {
        this(name, input, outputLabel, param, layout, kind, 0);
    }

    /** Optimizer state of a parameter, which each step replaces. */
    static StateBinding ofOptimizer(String name, Value input, Param param, StorageLayout layout, double begin) {
        return new StateBinding(name, input, TrainStepGraph.newLabel(name), param, layout, Kind.OPTIMIZER, begin);
    }

    /** A number that belongs to no parameter, the same on all ranks, which each step replaces. */
    static StateBinding ofRun(String name, Value input, double begin) {
        StorageLayout whole = StorageLayout.asUsed(
                input.type().shape(),
                PartitionSpec.replicated(input.type().shape().numDims()));
        return new StateBinding(name, input, TrainStepGraph.newLabel(name), null, whole, Kind.RUN, begin);
    }

    /** What the tensor holds, and so how it begins. */
    public enum Kind {
        /** A parameter, which begins with its initial values. */
        PARAMETER,
        /** A parameter that no step changes; it begins with its initial values. */
        FROZEN,
        /** A tensor of the network that steps update without a gradient; it begins with its initial values. */
        STATE,
        /** Optimizer state, which begins as the optimizer says. */
        OPTIMIZER,
        /** A number of the run's own, such as the scale of its loss. */
        RUN;

        /** Whether it is the network's own, has initial values and is saved, rather than the optimizer's. */
        public boolean isOfNetwork() {
            return this != OPTIMIZER && this != RUN;
        }
    }

    /** This binding, replaced by an output. */
    StateBinding replacedBy(String label) {
        return new StateBinding(name, input, label, param, layout, kind, begin);
    }

    /** The same tensor in a rewritten graph. */
    StateBinding of(CastToPolicy.Result cast) {
        return new StateBinding(name, cast.of(input), outputLabel, param, layout, kind, begin);
    }

    static Kind kindOf(Param param) {
        if (param.isState()) {
            return Kind.STATE;
        }
        return param.isFrozen() ? Kind.FROZEN : Kind.PARAMETER;
    }

    /** The parameter of a tensor that has one. */
    Param ownParam() {
        return Objects.requireNonNull(param, name);
    }

    /** The layout on the mesh; its axes divide the input's dims. */
    public PartitionSpec spec() {
        return layout.storedSpec();
    }

    /**
     * The shape without any padding: the parameter's elements in their order, or those of optimizer state that has some
     * of its dims only.
     */
    public Shape logicalShape() {
        if (param == null || !layout.view().equals(layout.used())) {
            return layout.view();
        }
        Shape logical = param.shape();
        for (int dim = 0; dim < logical.numDims(); dim++) {
            // A dim that is left out is 1; one that is there is as long as the parameter's, or padded.
            logical = logical.with(dim, Math.min(logical.dim(dim), shape().dim(dim)));
        }
        return logical;
    }

    /** The shape of the input, padding included. */
    public Shape shape() {
        return input.type().shape();
    }

    /** Initial values of a box, in row-major order; see {@link Param#initialValues}. */
    public float[] initialValues(long seed, long[] starts, long[] sizes) {
        if (param != null && kind.isOfNetwork()) {
            return param.initialValues(logicalShape(), seed, starts, sizes);
        }
        float[] values = new float[Math.toIntExact(Shape.shape(sizes).numElements())];
        Arrays.fill(values, (float) begin);
        return values;
    }
}
