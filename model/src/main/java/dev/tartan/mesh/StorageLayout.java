package dev.tartan.mesh;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * How a tensor is kept where that differs from how it is used: split over one more axis, and padded with zeros where
 * the axis does not divide it. Example, a weight {@code [6, 10]} used as {@code [-, model]} and kept over {@code data}
 * of 4: dim 0 is padded from 6 to 8 and the tensor kept as {@code [8, 10] = [data, model]}.
 *
 * <p>Where every dim is split already and none can be split further, one that is split over m shards is viewed as two,
 * {@code [n] -> [m, n / m]}, and the second is padded and split.
 *
 * @param used shape in use
 * @param usedSpec layout in use, one entry per dim
 * @param view the same elements in the same order, without padding; has one more dim than {@code used} or is equal
 * @param viewSpec layout in use, of the view
 * @param stored shape kept: the view, padded
 * @param storedSpec layout kept
 */
public record StorageLayout(
        Shape used,
        PartitionSpec usedSpec,
        Shape view,
        PartitionSpec viewSpec,
        Shape stored,
        PartitionSpec storedSpec) {

    /** The layout that keeps a tensor as it is used. */
    public static StorageLayout asUsed(Shape shape, PartitionSpec spec) {
        return new StorageLayout(shape, spec, shape, spec, shape, spec);
    }

    /**
     * Splits what is kept over one more axis: by the first dim that it divides, else by the dim that needs the least
     * padding, of those not split yet.
     *
     * @param spec layout in use; does not name {@code axis}
     */
    public static StorageLayout splitOver(Mesh mesh, String axis, Shape shape, PartitionSpec spec) {
        int shards = mesh.axisSize(axis);
        PartitionSpec whole = spec.extendedTo(shape.numDims());
        if (shards == 1) {
            return asUsed(shape, whole);
        }
        for (int dim = 0; dim < shape.numDims(); dim++) {
            long local = shape.dim(dim) / mesh.numShards(whole.axesOf(dim));
            if (local % shards == 0) {
                return new StorageLayout(shape, whole, shape, whole, shape, split(whole, dim, axis));
            }
        }
        int best = -1;
        for (int dim = 0; dim < shape.numDims(); dim++) {
            boolean free = mesh.numShards(whole.axesOf(dim)) == 1;
            if (free && (best < 0 || growth(shape.dim(dim), shards) < growth(shape.dim(best), shards))) {
                best = dim;
            }
        }
        return best >= 0 ? padded(shape, whole, shape, whole, best, shards, axis) : viewed(mesh, axis, shape, whole);
    }

    private static StorageLayout viewed(Mesh mesh, String axis, Shape shape, PartitionSpec spec) {
        // A scalar gets a dim of its own; another tensor has its last dim taken apart.
        int dim = shape.numDims() - 1;
        List<Long> dims = new ArrayList<>();
        List<List<String>> axes = new ArrayList<>();
        for (int i = 0; i < dim; i++) {
            dims.add(shape.dim(i));
            axes.add(spec.axesOf(i));
        }
        if (dim >= 0) {
            long split = mesh.numShards(spec.axesOf(dim));
            dims.add(split);
            axes.add(spec.axesOf(dim));
            dims.add(shape.dim(dim) / split);
        } else {
            dims.add(1L);
        }
        axes.add(List.of());
        Shape view = Shape.shape(dims.stream().mapToLong(Long::longValue).toArray());
        return padded(shape, spec, view, new PartitionSpec(axes), view.numDims() - 1, mesh.axisSize(axis), axis);
    }

    private static StorageLayout padded(
            Shape used, PartitionSpec usedSpec, Shape view, PartitionSpec viewSpec, int dim, int shards, String axis) {
        Shape stored = view.with(dim, roundedUp(view.dim(dim), shards));
        return new StorageLayout(used, usedSpec, view, viewSpec, stored, split(viewSpec, dim, axis));
    }

    private static PartitionSpec split(PartitionSpec spec, int dim, String axis) {
        List<String> axes = new ArrayList<>(spec.axesOf(dim));
        axes.add(axis);
        return spec.with(dim, axes);
    }

    private static double growth(long size, int shards) {
        return (double) roundedUp(size, shards) / size;
    }

    private static long roundedUp(long size, int factor) {
        return (size + factor - 1) / factor * factor;
    }

    /**
     * How a tensor is kept that has only some of this one's dims, the others being 1, beside this one.
     *
     * @throws IllegalArgumentException if this is kept in a view, which has other dims
     */
    public StorageLayout along(Set<Integer> dims) {
        if (dims.size() == used.numDims()) {
            return this;
        }
        if (!view.equals(used)) {
            throw new IllegalArgumentException("optimizer state of other dims than its parameter cannot be split like"
                    + " it: parameter=" + this + ", dims=" + dims + ". Leave a dim of the parameter unsharded, or"
                    + " lower strategy.zero.");
        }
        Shape shape = stored;
        PartitionSpec spec = storedSpec;
        for (int dim = 0; dim < used.numDims(); dim++) {
            if (!dims.contains(dim)) {
                shape = shape.with(dim, 1);
                spec = spec.with(dim, List.of());
            }
        }
        return asUsed(shape, spec);
    }

    /** Whether the tensor is kept as it is used. */
    public boolean isAsUsed() {
        return storedSpec.equals(usedSpec) && stored.equals(used);
    }

    /** The padding after each dim of the view. */
    public List<Long> padding() {
        return IntStream.range(0, view.numDims())
                .mapToObj(dim -> stored.dim(dim) - view.dim(dim))
                .toList();
    }

    /** For example {@code [6, 10] = [-, model] kept as [8, 10] = [data, model]}. */
    @Override
    public String toString() {
        return used + " = " + usedSpec + " kept as " + stored + " = " + storedSpec;
    }
}
