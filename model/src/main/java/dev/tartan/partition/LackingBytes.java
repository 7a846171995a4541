package dev.tartan.partition;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.Shape;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What a layout lacks of the target at least: the most that a rank holds in the target and not in the layout, padding
 * left out. No step gives a rank more bytes than the step sends per rank, so no way to the target sends less.
 */
final class LackingBytes {
    /** Any ranks give a bound; of a large mesh it need not be all. */
    private static final int MAX_RANKS = 16;

    private final Mesh mesh;
    private final TensorType type;
    private final int[] ranks;
    private final Map<List<String>, int[]> indices = new HashMap<>();
    /** Begin and end of what each rank holds in the target, by dim. */
    private final long[][] begins;

    private final long[][] ends;
    private final long[] elements;

    LackingBytes(Mesh mesh, TensorType type, ReshardLayout target) {
        this.mesh = mesh;
        this.type = type;
        int count = Math.min(MAX_RANKS, mesh.numRanks());
        this.ranks =
                IntStream.range(0, count).map(i -> i * mesh.numRanks() / count).toArray();
        Shape shape = type.shape();
        this.begins = new long[count][shape.numDims()];
        this.ends = new long[count][shape.numDims()];
        this.elements = new long[count];
        for (int i = 0; i < count; i++) {
            elements[i] = 1;
            for (int dim = 0; dim < shape.numDims(); dim++) {
                begins[i][dim] = begin(target, dim, i);
                ends[i][dim] = Math.min(begin(target, dim, i) + shardSize(target, dim), shape.dim(dim));
                elements[i] *= Math.max(0, ends[i][dim] - begins[i][dim]);
            }
        }
    }

    /** The bound for a layout. */
    long of(ReshardLayout layout) {
        long most = 0;
        for (int i = 0; i < ranks.length; i++) {
            long held = 1;
            for (int dim = 0; dim < type.numDims(); dim++) {
                long begin = begin(layout, dim, i);
                long end = begin + shardSize(layout, dim);
                held *= Math.max(0, Math.min(end, ends[i][dim]) - Math.max(begin, begins[i][dim]));
            }
            most = Math.max(most, elements[i] - held);
        }
        return most * type.dtype().bytes();
    }

    private long begin(ReshardLayout layout, int dim, int rank) {
        int[] index = index(layout.dims().get(dim));
        return index[rank] * shardSize(layout, dim);
    }

    private long shardSize(ReshardLayout layout, int dim) {
        return layout.sizes().get(dim) / mesh.numShards(layout.dims().get(dim));
    }

    private int[] index(List<String> axes) {
        int[] known = indices.get(axes);
        if (known == null) {
            known = IntStream.of(ranks).map(rank -> mesh.indexAlong(rank, axes)).toArray();
            indices.put(axes, known);
        }
        return known;
    }
}
