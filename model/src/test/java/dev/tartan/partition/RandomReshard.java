package dev.tartan.partition;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardRange;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.RowMajor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A tensor to be resharded on some mesh from some layout to another, with what ranks hold before and after. */
public record RandomReshard(NamedSharding from, NamedSharding to, TensorType type) {
    private static final List<String> AXES = List.of("data", "model", "pipe");
    private static final int MAX_RANKS = 16;
    private static final int[] DIM_SIZES = {0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 8, 12};

    /** Draws all: up to three axes of up to 4 ranks, up to four dims, pending sums in a third of the cases. */
    public static RandomReshard draw(Random random, DType dtype) {
        Mesh mesh = mesh(random);
        Shape shape = shape(random);
        List<String> unreduced = new ArrayList<>();
        List<String> staying = new ArrayList<>();
        if (random.nextInt(3) == 0) {
            for (String axis : mesh.axisNames()) {
                if (random.nextBoolean()) {
                    unreduced.add(axis);
                    if (random.nextInt(4) == 0) {
                        staying.add(axis);
                    }
                }
            }
        }
        return new RandomReshard(
                new NamedSharding(mesh, spec(random, mesh, shape.numDims(), unreduced), unreduced),
                new NamedSharding(mesh, spec(random, mesh, shape.numDims(), staying), staying),
                new TensorType(dtype, shape));
    }

    /** Up to three axes of up to 4 ranks, 16 in all. */
    static Mesh mesh(Random random) {
        while (true) {
            int numAxes = 1 + random.nextInt(3);
            long[] sizes = new long[numAxes];
            int ranks = 1;
            for (int axis = 0; axis < numAxes; axis++) {
                int size = 1 + random.nextInt(4);
                sizes[axis] = size;
                ranks *= size;
            }
            if (ranks <= MAX_RANKS) {
                return Mesh.of(
                        Device.cpus(ranks),
                        Shape.shape(sizes),
                        AXES.subList(0, numAxes).toArray(new String[0]));
            }
        }
    }

    /** Up to four dims, 2000 elements. */
    static Shape shape(Random random) {
        while (true) {
            Shape shape = Shape.shape(random.ints(random.nextInt(5), 0, DIM_SIZES.length)
                    .mapToLong(i -> DIM_SIZES[i])
                    .toArray());
            if (shape.numElements() <= 2000) {
                return shape;
            }
        }
    }

    /** Each axis that is not excluded splits some dim, after those that it has, or none. */
    static PartitionSpec spec(Random random, Mesh mesh, int numDims, List<String> excluded) {
        PartitionSpec spec = PartitionSpec.replicated(numDims);
        List<String> axes = new ArrayList<>(mesh.axisNames());
        axes.removeAll(excluded);
        Collections.shuffle(axes, random);
        for (String axis : axes) {
            int dim = random.nextInt(numDims + 1);
            if (dim < numDims) {
                List<String> split = new ArrayList<>(spec.axesOf(dim));
                split.add(axis);
                spec = spec.with(dim, split);
            }
        }
        return spec;
    }

    /** What {@code rank} holds before: its addend's shard, padding zero. */
    public HostTensor before(int rank) {
        return shard(from, rank, addend(mesh().indexAlong(rank, from.unreduced())));
    }

    /** What {@code rank} must hold after: the shard of the sum over the axes that were reduced, padding zero. */
    public HostTensor after(int rank) {
        Map<Integer, HostTensor> addends = new LinkedHashMap<>();
        for (int peer = 0; peer < mesh().numRanks(); peer++) {
            int other = peer;
            if (to.unreduced().stream()
                    .allMatch(axis -> mesh().coordinate(other, axis) == mesh().coordinate(rank, axis))) {
                int index = mesh().indexAlong(peer, from.unreduced());
                addends.put(index, addend(index));
            }
        }
        HostTensor total = HostTensor.generate(
                type,
                i -> addends.values().stream()
                        .mapToDouble(addend -> addend.data()[i])
                        .sum());
        return shard(to, rank, total);
    }

    private Mesh mesh() {
        return from.mesh();
    }

    /** Integers of which no two are alike; sums of 16 such are exact as floats. */
    private HostTensor addend(int index) {
        return HostTensor.generate(type, i -> (1.0 + i) * (1 + index));
    }

    private static HostTensor shard(NamedSharding sharding, int rank, HostTensor whole) {
        Shape padded = ShardRange.paddedShape(sharding, whole.shape());
        HostTensor withZeros = HostTensor.generate(whole.type().withShape(padded), i -> {
            int[] index = RowMajor.index(padded, i);
            boolean inside = true;
            for (int dim = 0; dim < index.length; dim++) {
                inside &= index[dim] < whole.shape().dim(dim);
            }
            return inside ? whole.at(index) : 0;
        });
        return HostShards.cut(sharding.mesh(), sharding.spec(), withZeros, rank);
    }

    /** Fails, with all there is to know, unless each rank holds what it must. */
    public void check(List<HostTensor> held) {
        for (int rank = 0; rank < mesh().numRanks(); rank++) {
            HostTensor expected = after(rank);
            if (!Arrays.equals(held.get(rank).data(), expected.data())) {
                throw new AssertionError("rank holds something else: rank=" + rank + ", expected=" + expected
                        + ", actual=" + held.get(rank) + "\n" + Reshard.plan(from, to, type));
            }
        }
    }
}
