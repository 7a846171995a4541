package dev.tartan.train;

import dev.tartan.graph.Block;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.train.graph.StateBinding;
import org.jspecify.annotations.Nullable;

/**
 * A tensor that lives from step to step, as plain data.
 *
 * @param name the program's input
 * @param parameter the parameter it is, or belongs to
 * @param shape in the program, padding included
 * @param logicalShape in the program, without padding
 * @param fileShape in files
 * @param spec its layout
 * @param block of the network that the parameter lies in; null if it is in none
 */
public record PlannedState(
        String name,
        String parameter,
        StateBinding.Kind kind,
        Shape shape,
        Shape logicalShape,
        Shape fileShape,
        PartitionSpec spec,
        @Nullable Block block) {
    static PlannedState of(StateBinding binding) {
        return new PlannedState(
                binding.name(),
                binding.param().name(),
                binding.kind(),
                binding.shape(),
                binding.logicalShape(),
                binding.param().fileShape(),
                binding.spec(),
                binding.param().module().block());
    }

    /** The same tensor in another layout. */
    PlannedState laidOut(PartitionSpec other) {
        return new PlannedState(name, parameter, kind, shape, logicalShape, fileShape, other, block);
    }

    /** Whether this is the network's own, and so saved, rather than optimizer state. */
    public boolean isParameter() {
        return kind.isOfNetwork();
    }

    /** Whether this is a parameter that has a gradient. */
    public boolean isTrained() {
        return kind == StateBinding.Kind.PARAMETER;
    }
}
