package dev.tartan.train.graph;

import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.graph.Block;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardRange;
import dev.tartan.network.Param;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A tensor that lives from step to step, as plain data.
 *
 * @param name the program's input
 * @param parameter the parameter it is, or belongs to; its own name if there is none
 * @param shape in the program, padding included
 * @param logicalShape in the program, without padding
 * @param fileShape in files: the same elements as {@code logicalShape} in row-major order, whatever the mesh
 * @param spec its layout
 * @param block of the network that the parameter lies in; null if it is in none
 * @param begin what all elements of optimizer state are at first
 */
public record PlannedState(
        String name,
        String parameter,
        StateBinding.Kind kind,
        Shape shape,
        Shape logicalShape,
        Shape fileShape,
        PartitionSpec spec,
        @Nullable Block block,
        double begin) {
    /** The tensor of a binding. */
    public static PlannedState of(StateBinding binding) {
        Shape logical = binding.logicalShape();
        Param param = binding.param();
        Shape inFile = param == null ? logical : param.fileShape();
        return new PlannedState(
                binding.name(),
                param == null ? binding.name() : param.name(),
                binding.kind(),
                binding.shape(),
                logical,
                // Optimizer state may have fewer elements than its parameter.
                inFile.numElements() == logical.numElements() ? inFile : logical,
                binding.spec(),
                param == null ? null : param.module().block(),
                binding.begin());
    }

    /** The same tensor in another layout. */
    public PlannedState laidOut(PartitionSpec other) {
        return new PlannedState(name, parameter, kind, shape, logicalShape, fileShape, other, block, begin);
    }

    /** Whether this is the network's own, and so saved, rather than optimizer state. */
    public boolean isParameter() {
        return kind.isOfNetwork();
    }

    /** Whether this is a number of the run's own, which a checkpoint of a run that does without lacks. */
    public boolean isOfRun() {
        return kind == StateBinding.Kind.RUN;
    }

    /** Whether this is a parameter that has a gradient. */
    public boolean isTrained() {
        return kind == StateBinding.Kind.PARAMETER;
    }

    /** The shape of every rank's shard, padding included. */
    public Shape shardShape(Mesh mesh) {
        return NamedSharding.of(mesh, spec).localShape(shape);
    }

    /** The box of the logical shape that a rank holds, at the first corner of its shard; it may be empty. */
    public TensorSlice box(Mesh mesh, int rank) {
        List<ShardRange> ranges = ShardRange.block(NamedSharding.of(mesh, spec), shape, rank);
        long[] starts = new long[ranges.size()];
        long[] sizes = new long[ranges.size()];
        for (int dim = 0; dim < ranges.size(); dim++) {
            long end = Math.min(ranges.get(dim).end(), logicalShape.dim(dim));
            starts[dim] = Math.min(ranges.get(dim).start(), end);
            sizes[dim] = end - starts[dim];
        }
        return TensorSlice.of(starts, sizes);
    }
}
