package dev.tartan.network;

import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A parameter as it lies on a mesh.
 *
 * @param shape in the graph, padding included; divisible by the spec
 * @param note what was changed and why, for people; null if nothing
 */
public record ParamLayout(
        Shape shape, PartitionSpec spec, @Nullable String note) {

    /**
     * Fits the declared layout of {@code param} to {@code mesh}.
     *
     * @throws IllegalArgumentException if an axis does not divide its dim, or the mesh lacks it
     */
    public static ParamLayout of(Param param, Mesh mesh) {
        Shape shape = param.shape();
        PartitionSpec spec = param.spec();
        String note = null;
        for (int dim = 0; dim < shape.numDims(); dim++) {
            List<String> axes = param.spec().axesOf(dim);
            int numShards = mesh.numShards(axes);
            long size = shape.dim(dim);
            if (size % numShards == 0) {
                continue;
            }
            String fact = "dim " + dim + " of '" + param.name() + "' is not divisible by mesh axis '"
                    + String.join(" ", axes) + "': dimSize=" + size + ", axisSize=" + numShards + ".";
            if (param.isPaddable(dim)) {
                shape = shape.with(dim, (size + numShards - 1) / numShards * numShards);
                note = fact + " It is padded to " + shape.dim(dim) + ".";
            } else if (param.isReplicatedIfIndivisible()) {
                spec = spec.with(dim, List.of());
                note = fact + " It is left replicated.";
            } else {
                throw new IllegalArgumentException(
                        fact + " Choose sizes that the axis divides, or leave the dim replicated.");
            }
        }
        return new ParamLayout(shape, spec, note);
    }
}
