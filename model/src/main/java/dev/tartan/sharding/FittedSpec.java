package dev.tartan.sharding;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import java.util.List;

/** Fits layouts that people give to their tensors and the mesh. */
public final class FittedSpec {
    private FittedSpec() {}

    /**
     * {@code spec} with one entry per dim and without axes of size 1.
     *
     * @param name of the tensor, for messages
     * @throws IllegalArgumentException if the spec is too long, names an unknown axis or does not divide the tensor
     */
    public static PartitionSpec of(Mesh mesh, String name, TensorType type, PartitionSpec spec) {
        if (spec.dims().size() > type.numDims()) {
            throw new IllegalArgumentException(
                    "layout of '" + name + "' has more entries than the tensor has dims: spec=" + spec + ", type="
                            + type + ". Give at most one entry per dim.");
        }
        PartitionSpec whole = spec.extendedTo(type.numDims());
        for (String axis : whole.usedAxes()) {
            if (!mesh.axisNames().contains(axis)) {
                throw new IllegalArgumentException("layout of '" + name + "' names an axis that the mesh lacks: spec="
                        + spec + ", axis=" + axis + ", axes=" + mesh.axisNames() + ". Use one of the mesh's axes.");
            }
        }
        for (int dim = 0; dim < type.numDims(); dim++) {
            List<String> axes = whole.axesOf(dim);
            int shards = mesh.numShards(axes);
            if (type.shape().dim(dim) % shards != 0) {
                throw new IllegalArgumentException("dim " + dim + " of '" + name + "' is not divisible by mesh "
                        + (axes.size() == 1 ? "axis" : "axes") + " '" + String.join(" ", axes) + "': dimSize="
                        + type.shape().dim(dim) + ", axisSize=" + shards + ". Pad the dim or leave it replicated.");
            }
        }
        return whole.without(mesh.axisNames().stream()
                .filter(axis -> mesh.axisSize(axis) == 1)
                .toList());
    }
}
