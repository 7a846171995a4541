package dev.tartan.mesh;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A grid of devices with named axes. Rank {@code r} is the index of a device in row-major order of the axes, so with
 * axes {@code data=2, model=2} ranks 0 and 1 form the first model group.
 *
 * <p>Idea: JAX {@code jax.sharding.Mesh}.
 */
public record Mesh(List<Device> devices, List<String> axisNames, List<Integer> axisSizes) {
    public Mesh {
        devices = List.copyOf(devices);
        axisNames = List.copyOf(axisNames);
        axisSizes = List.copyOf(axisSizes);
        if (axisNames.size() != axisSizes.size()) {
            throw new IllegalArgumentException("mesh has " + axisSizes.size() + " axis sizes but " + axisNames.size()
                    + " axis names: sizes=" + axisSizes + ", names=" + axisNames + ". Give one name per axis.");
        }
        if (new HashSet<>(axisNames).size() != axisNames.size()) {
            throw new IllegalArgumentException(
                    "mesh axis names repeat: names=" + axisNames + ". Give each axis a name of its own.");
        }
        long product = 1;
        for (int i = 0; i < axisSizes.size(); i++) {
            if (axisSizes.get(i) < 1) {
                throw new IllegalArgumentException("mesh axis '" + axisNames.get(i) + "' is empty: axisSize="
                        + axisSizes.get(i) + ". Give a size of 1 or more.");
            }
            product *= axisSizes.get(i);
        }
        if (product != devices.size()) {
            throw new IllegalArgumentException("mesh shape does not match the devices: shape=" + axisSizes + ", ranks="
                    + product + ", devices=" + devices.size() + ". The product of the axis sizes must be the number of"
                    + " devices.");
        }
    }

    /**
     * A mesh of {@code devices} in row-major order.
     *
     * @throws IllegalArgumentException if the shape's product is not the number of devices, or names do not match
     */
    public static Mesh of(List<Device> devices, Shape shape, String... axisNames) {
        List<Integer> sizes = new ArrayList<>();
        for (long size : shape.dims()) {
            sizes.add(Math.toIntExact(size));
        }
        return new Mesh(devices, List.of(axisNames), sizes);
    }

    /** Number of devices. */
    public int numRanks() {
        return devices.size();
    }

    /**
     * Size of the named axis.
     *
     * @throws IllegalArgumentException if the mesh has no such axis
     */
    public int axisSize(String axis) {
        return axisSizes.get(axisIndex(axis));
    }

    /** Axis name to size, in the order of axes. */
    public Map<String, Integer> sizesByAxis() {
        Map<String, Integer> sizes = new LinkedHashMap<>();
        axisNames.forEach(axis -> sizes.put(axis, axisSize(axis)));
        return Collections.unmodifiableMap(sizes);
    }

    /** The product of the sizes of {@code axes}. */
    public int numShards(List<String> axes) {
        int product = 1;
        for (String axis : axes) {
            product *= axisSize(axis);
        }
        return product;
    }

    /** Position of {@code rank} along {@code axis}. */
    public int coordinate(int rank, String axis) {
        int index = axisIndex(axis);
        int stride = 1;
        for (int i = index + 1; i < axisSizes.size(); i++) {
            stride *= axisSizes.get(i);
        }
        return rank / stride % axisSizes.get(index);
    }

    /** Position of {@code rank} in the group spanned by {@code axes}, major to minor. */
    public int indexAlong(int rank, List<String> axes) {
        int index = 0;
        for (String axis : axes) {
            index = index * axisSize(axis) + coordinate(rank, axis);
        }
        return index;
    }

    /** A text table of which rank holds which block of an array of {@code shape} laid out by {@code sharding}. */
    public String visualize(NamedSharding sharding, Shape shape) {
        return ShardingDrawing.draw(this, sharding, shape);
    }

    private int axisIndex(String axis) {
        int index = axisNames.indexOf(axis);
        if (index < 0) {
            throw new IllegalArgumentException(
                    "mesh has no axis '" + axis + "': axes=" + axisNames + ". Use one of the mesh's axes.");
        }
        return index;
    }

    /** For example {@code mesh(data=2, model=2)}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("mesh(");
        for (int i = 0; i < axisNames.size(); i++) {
            text.append(i == 0 ? "" : ", ").append(axisNames.get(i)).append('=').append(axisSizes.get(i));
        }
        return text.append(')').toString();
    }
}
