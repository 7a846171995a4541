package dev.tartan.partition;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardRange;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The layouts that one move leads to, and what it sends. A dim that no axis splits has no padding; one that gets split
 * is padded first, as much as the first or last layout of the way is, or as the move needs.
 */
final class ReshardMoves {
    /**
     * A move, with the padding and trimming around it.
     *
     * @param bytes that each rank sends
     */
    record Edge(ReshardLayout to, long bytes, List<ReshardStep> steps) {
        static final Edge NONE = new Edge(new ReshardLayout(List.of(), List.of(), List.of()), 0, List.of());

        /**
         * {@link #EFFORT_OF_STEP} for each step, and what tells as many steps apart: 1 for each axis communicated over.
         */
        int effort() {
            int effort = 0;
            for (ReshardStep step : steps) {
                effort += EFFORT_OF_STEP
                        + (step instanceof ReshardStep.Keep ? 0 : step.axes().size());
            }
            return effort;
        }
    }

    /** More than the axes of all steps. */
    static final int EFFORT_OF_STEP = 256;

    private final Mesh mesh;
    private final TensorType type;
    private final List<Shape> padded;
    private final List<String> kept;
    private final Map<List<String>, Integer> numShards = new HashMap<>();
    private final Map<List<String>, List<List<String>>> sequences = new HashMap<>();

    /**
     * Takes the tensor and the shapes that it has, with padding, in the first and the last layout.
     *
     * @param kept axes over which the value stays unreduced
     */
    ReshardMoves(Mesh mesh, TensorType type, List<Shape> padded, List<String> kept) {
        this.mesh = mesh;
        this.type = type;
        this.padded = padded;
        this.kept = kept;
    }

    /** All moves, in the same order each time. */
    List<Edge> from(ReshardLayout layout) {
        List<Edge> edges = new ArrayList<>();
        List<String> free = free(layout);
        for (int dim = 0; dim < layout.dims().size(); dim++) {
            for (List<String> axes : sequences(free)) {
                keep(layout, dim, axes, edges);
            }
            for (List<String> axes : sequences(layout.pending())) {
                scatter(layout, dim, axes, edges);
            }
        }
        for (int dim = 0; dim < layout.dims().size(); dim++) {
            for (int left = layout.dims().get(dim).size() - 1; left >= 0; left--) {
                move(layout, dim, left, edges);
            }
        }
        reduce(layout, edges);
        permute(layout, edges);
        for (int dim = 0; dim < layout.dims().size(); dim++) {
            for (int left = layout.dims().get(dim).size() - 1; left >= 0; left--) {
                gather(layout, dim, left, edges);
            }
        }
        return edges;
    }

    /** Bytes that a rank holds, padding included. */
    long localBytes(ReshardLayout layout) {
        long elements = 1;
        for (int dim = 0; dim < layout.dims().size(); dim++) {
            elements *= layout.sizes().get(dim) / numShards(layout.dims().get(dim));
        }
        return elements * type.dtype().bytes();
    }

    private void keep(ReshardLayout layout, int dim, List<String> axes, List<Edge> edges) {
        for (long size : sizes(layout, dim, axes)) {
            List<ReshardStep> steps = padded(layout, dim, size);
            steps.add(new ReshardStep.Keep(dim, axes));
            edges.add(new Edge(split(layout, dim, axes, size), 0, steps));
        }
    }

    private void scatter(ReshardLayout layout, int dim, List<String> axes, List<Edge> edges) {
        int ranks = numShards(axes);
        for (long size : ranks == 1 ? List.<Long>of() : sizes(layout, dim, axes)) {
            List<ReshardStep> steps = padded(layout, dim, size);
            steps.add(new ReshardStep.Scatter(dim, axes));
            ReshardLayout after = split(layout, dim, axes, size).reduced(axes);
            edges.add(new Edge(after, localBytes(after) * (ranks - 1), steps));
        }
    }

    private void move(ReshardLayout layout, int dim, int left, List<Edge> edges) {
        List<String> axes = layout.dims().get(dim);
        List<String> moved = axes.subList(left, axes.size());
        int ranks = numShards(moved);
        for (int to = 0; to < layout.dims().size(); to++) {
            for (long size : to == dim ? List.<Long>of() : sizes(layout, to, moved)) {
                List<ReshardStep> steps = padded(layout, to, size);
                steps.add(new ReshardStep.Move(dim, to, moved));
                ReshardLayout spread = split(layout, to, moved, size);
                // Of what it holds, of which the split leaves a part of 1 / ranks, a rank keeps as much as that part.
                long bytes = localBytes(spread) * (ranks - 1);
                edges.add(new Edge(joined(spread, dim, left, steps), bytes, steps));
            }
        }
    }

    private void gather(ReshardLayout layout, int dim, int left, List<Edge> edges) {
        List<String> axes = layout.dims().get(dim);
        List<String> gathered = axes.subList(left, axes.size());
        List<ReshardStep> steps = new ArrayList<>();
        steps.add(new ReshardStep.Gather(dim, gathered));
        long bytes = localBytes(layout) * (numShards(gathered) - 1);
        edges.add(new Edge(joined(layout, dim, left, steps), bytes, steps));
    }

    private void reduce(ReshardLayout layout, List<Edge> edges) {
        List<String> pending = layout.pending();
        for (int subset = (1 << pending.size()) - 1; subset > 0; subset--) {
            List<String> axes = new ArrayList<>();
            for (int i = 0; i < pending.size(); i++) {
                if ((subset >> i & 1) != 0) {
                    axes.add(pending.get(i));
                }
            }
            int ranks = numShards(axes);
            edges.add(new Edge(
                    layout.reduced(axes),
                    2 * localBytes(layout) * (ranks - 1) / ranks,
                    List.of(new ReshardStep.Reduce(List.copyOf(axes)))));
        }
    }

    private void permute(ReshardLayout layout, List<Edge> edges) {
        List<List<List<String>>> all = new ArrayList<>();
        List<String> usable = mesh.axisNames().stream()
                .filter(axis -> mesh.axisSize(axis) > 1 && !layout.pending().contains(axis) && !kept.contains(axis))
                .toList();
        arrange(layout, usable, new ArrayList<>(), all);
        for (List<List<String>> dims : all) {
            if (!dims.equals(layout.dims())) {
                ReshardLayout after = new ReshardLayout(dims, layout.sizes(), layout.pending());
                edges.add(new Edge(
                        after,
                        localBytes(layout),
                        List.of(new ReshardStep.Permute(layout.spec(), after.spec(), changed(layout, after)))));
            }
        }
    }

    /** Gives each dim from that after {@code chosen} on as many shards as it has, by whichever axes. */
    private void arrange(
            ReshardLayout layout, List<String> usable, List<List<String>> chosen, List<List<List<String>>> all) {
        if (chosen.size() == layout.dims().size()) {
            all.add(List.copyOf(chosen));
            return;
        }
        List<String> now = layout.dims().get(chosen.size());
        for (List<String> axes : now.isEmpty() ? List.of(now) : sequences(usable)) {
            if (numShards(axes) == numShards(now)) {
                chosen.add(axes);
                arrange(layout, without(usable, axes), chosen, all);
                chosen.remove(chosen.size() - 1);
            }
        }
    }

    /** The axes of the dims that differ, in the mesh's order. */
    private List<String> changed(ReshardLayout before, ReshardLayout after) {
        Set<String> axes = new LinkedHashSet<>();
        for (int dim = 0; dim < before.dims().size(); dim++) {
            if (!before.dims().get(dim).equals(after.dims().get(dim))) {
                axes.addAll(before.dims().get(dim));
                axes.addAll(after.dims().get(dim));
            }
        }
        return mesh.axisNames().stream().filter(axes::contains).toList();
    }

    /** The sizes, padding included, that a dim can have when {@code axes} split it too. */
    private Collection<Long> sizes(ReshardLayout layout, int dim, List<String> axes) {
        long size = layout.sizes().get(dim);
        List<String> now = layout.dims().get(dim);
        int shards = numShards(now) * numShards(axes);
        if (!now.isEmpty()) {
            return size % shards == 0 ? List.of(size) : List.of();
        }
        Set<Long> sizes = new LinkedHashSet<>();
        sizes.add(ShardRange.paddedSize(size, shards));
        for (Shape ends : padded) {
            if (ends.dim(dim) % shards == 0) {
                sizes.add(ends.dim(dim));
            }
        }
        return sizes;
    }

    private static List<ReshardStep> padded(ReshardLayout layout, int dim, long size) {
        List<ReshardStep> steps = new ArrayList<>();
        if (size != layout.sizes().get(dim)) {
            steps.add(new ReshardStep.Pad(dim, size));
        }
        return steps;
    }

    private static ReshardLayout split(ReshardLayout layout, int dim, List<String> axes, long size) {
        List<String> all = new ArrayList<>(layout.dims().get(dim));
        all.addAll(axes);
        return layout.with(dim, List.copyOf(all), size);
    }

    /** Leaves {@code left} axes on a dim; if none, cuts its padding off. */
    private ReshardLayout joined(ReshardLayout layout, int dim, int left, List<ReshardStep> steps) {
        long size = layout.sizes().get(dim);
        if (left == 0 && size != type.shape().dim(dim)) {
            size = type.shape().dim(dim);
            steps.add(new ReshardStep.Trim(dim, size));
        }
        return layout.with(dim, List.copyOf(layout.dims().get(dim).subList(0, left)), size);
    }

    /** The axes that neither split a dim nor have to do with a pending sum. */
    private List<String> free(ReshardLayout layout) {
        return mesh.axisNames().stream()
                .filter(axis -> mesh.axisSize(axis) > 1
                        && !layout.pending().contains(axis)
                        && !kept.contains(axis)
                        && layout.dims().stream().noneMatch(axes -> axes.contains(axis)))
                .toList();
    }

    /** Some of the axes, at least one, in any order. */
    private List<List<String>> sequences(List<String> axes) {
        List<List<String>> known = sequences.get(axes);
        if (known == null) {
            known = new ArrayList<>();
            extend(List.of(), axes, known);
            sequences.put(axes, known);
        }
        return known;
    }

    private static void extend(List<String> begun, List<String> left, List<List<String>> all) {
        for (String axis : left) {
            List<String> sequence = new ArrayList<>(begun);
            sequence.add(axis);
            all.add(List.copyOf(sequence));
            extend(sequence, without(left, List.of(axis)), all);
        }
    }

    private static List<String> without(List<String> axes, List<String> excluded) {
        return axes.stream().filter(axis -> !excluded.contains(axis)).toList();
    }

    private int numShards(List<String> axes) {
        return axes.isEmpty() ? 1 : numShards.computeIfAbsent(axes, mesh::numShards);
    }
}
