package dev.tartan.mesh;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How the dims of an array are split over mesh axes: per dim no axis, one axis, or several axes major to minor. A spec
 * shorter than the array leaves the remaining dims whole.
 *
 * <p>Idea: JAX {@code jax.sharding.PartitionSpec}.
 */
public record PartitionSpec(List<List<String>> dims) {
    public PartitionSpec {
        dims = dims.stream().map(List::copyOf).toList();
        Set<String> seen = new HashSet<>();
        for (List<String> axes : dims) {
            for (String axis : axes) {
                if (!seen.add(axis)) {
                    throw new IllegalArgumentException("partition spec uses axis '" + axis + "' twice: spec=" + dims
                            + ". An axis can split one dim only.");
                }
            }
        }
    }

    /**
     * A spec of one entry per dim.
     *
     * @param entries {@code null} for a whole dim, a {@code String} for one axis, or a {@code List} of axis names major
     *     to minor
     * @throws IllegalArgumentException if an entry is of another type or an axis is used twice
     */
    public static PartitionSpec spec(@Nullable Object... entries) {
        List<List<String>> dims = new ArrayList<>();
        for (Object entry : entries) {
            if (entry == null) {
                dims.add(List.of());
            } else if (entry instanceof String axis) {
                dims.add(List.of(axis));
            } else if (entry instanceof List<?> axes) {
                dims.add(axes.stream().map(PartitionSpec::axisName).toList());
            } else {
                throw new IllegalArgumentException("partition spec entry is not an axis: entry=" + entry
                        + ". Use null, an axis name or a list of axis names.");
            }
        }
        return new PartitionSpec(dims);
    }

    /** Several axes for one dim, major to minor, for use inside {@link #spec}. */
    public static List<String> axes(String... names) {
        return List.of(names);
    }

    /** The spec that leaves all of {@code numDims} dims whole. */
    public static PartitionSpec replicated(int numDims) {
        List<List<String>> dims = new ArrayList<>();
        for (int i = 0; i < numDims; i++) {
            dims.add(List.of());
        }
        return new PartitionSpec(dims);
    }

    /** The axes that split dim {@code index}; empty past the end. */
    public List<String> axesOf(int index) {
        return index < dims.size() ? dims.get(index) : List.of();
    }

    /**
     * This spec with exactly {@code numDims} entries.
     *
     * @throws IllegalArgumentException if it already has more
     */
    public PartitionSpec extendedTo(int numDims) {
        if (dims.size() > numDims) {
            throw new IllegalArgumentException("partition spec is longer than the array: spec=" + this + ", numDims="
                    + numDims + ". Give at most one entry per dim.");
        }
        List<List<String>> extended = new ArrayList<>(dims);
        while (extended.size() < numDims) {
            extended.add(List.of());
        }
        return new PartitionSpec(extended);
    }

    /** This spec with dim {@code index} split by {@code axes}. */
    public PartitionSpec with(int index, List<String> axes) {
        List<List<String>> changed = new ArrayList<>(dims);
        changed.set(index, axes);
        return new PartitionSpec(changed);
    }

    /** This spec with {@code axes} left out of every dim. */
    public PartitionSpec without(Collection<String> axes) {
        return new PartitionSpec(dims.stream()
                .map(own -> own.stream().filter(axis -> !axes.contains(axis)).toList())
                .toList());
    }

    /** All axes used, in order of dims. */
    public List<String> usedAxes() {
        return dims.stream().flatMap(List::stream).toList();
    }

    /** Whether no dim is split. */
    public boolean isReplicated() {
        for (List<String> axes : dims) {
            if (!axes.isEmpty()) {
                return false;
            }
        }
        return true;
    }

    private static String axisName(Object entry) {
        if (entry instanceof String axis) {
            return axis;
        }
        throw new IllegalArgumentException(
                "partition spec entry is not an axis: entry=" + entry + ". Use axis names in a list of axes.");
    }

    /** For example {@code [data, -, (data model)]}, a dash being a whole dim. */
    @Override
    public String toString() {
        return dims.stream()
                .map(axes -> switch (axes.size()) {
                    case 0 -> "-";
                    case 1 -> axes.get(0);
                    default -> "(" + String.join(" ", axes) + ")";
                })
                .collect(Collectors.joining(", ", "[", "]"));
    }
}
