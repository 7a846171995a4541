package dev.tartan.partition;

import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the pieces of a tensor are on the way from one layout to another.
 *
 * @param dims the axes that split each dim
 * @param sizes of the dims in all, with padding
 * @param pending axes over which the value is unreduced and must not stay so
 */
record ReshardLayout(List<List<String>> dims, List<Long> sizes, List<String> pending) {
    /** The layout of a sharding, in which the axes {@code kept} stay unreduced. */
    static ReshardLayout of(NamedSharding sharding, Shape padded, List<String> kept) {
        List<Long> sizes = new ArrayList<>();
        for (long size : padded.dims()) {
            sizes.add(size);
        }
        return new ReshardLayout(
                sharding.spec().extendedTo(padded.numDims()).dims(),
                List.copyOf(sizes),
                sharding.unreduced().stream()
                        .filter(axis -> !kept.contains(axis))
                        .toList());
    }

    PartitionSpec spec() {
        return new PartitionSpec(dims);
    }

    /** This layout with one dim otherwise. */
    ReshardLayout with(int dim, List<String> axes, long size) {
        return new ReshardLayout(replaced(dims, dim, axes), replaced(sizes, dim, size), pending);
    }

    /** This layout with some pending sums taken. */
    ReshardLayout reduced(List<String> axes) {
        return new ReshardLayout(
                dims,
                sizes,
                pending.stream().filter(axis -> !axes.contains(axis)).toList());
    }

    private static <T> List<T> replaced(List<T> list, int index, T element) {
        List<T> copy = new ArrayList<>(list);
        copy.set(index, element);
        return List.copyOf(copy);
    }
}
