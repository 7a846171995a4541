package dev.tartan.partition;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardRange;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Finds the cheapest way through all layouts of a tensor, those first that can be on it: by bytes sent so far and at
 * least yet to be sent, then by steps, then in the order in which they were found. Only ways that are cheaper than a
 * known one are followed, so that little is searched where the known one is good.
 *
 * <p>Example, {@code [data, model] -> [model, data]} on {@code mesh(data=4, model=4)}: one permute, with which a rank
 * sends its shard; gathering one axis, moving the other and slicing would send 3 shards and 3 again.
 *
 * <p>Idea: A* search, Hart, Nilsson and Raphael 1968.
 */
final class SearchReshard {
    /** A search on a mesh of many axes ends here, and what was known is taken. Three axes have at most some 1000. */
    private static final int MAX_LAYOUTS = 20_000;

    private final ReshardMoves moves;
    private final ReshardLayout target;
    private final ReshardLayout start;
    private final boolean padded;

    /** A layout, and the cheapest known way to it. */
    private record Way(
            ReshardLayout layout,
            long bytes,
            long leastBytes,
            int numSteps,
            @Nullable Way before,
            ReshardMoves.Edge by) {}

    /** Takes layouts in which each axis has more than one rank, except those of pending sums. */
    SearchReshard(NamedSharding from, NamedSharding to, TensorType type) {
        Shape shape = type.shape();
        Shape before = ShardRange.paddedShape(from, shape);
        Shape after = ShardRange.paddedShape(to, shape);
        this.padded = !before.equals(shape) || !after.equals(shape);
        this.start = ReshardLayout.of(from, before, to.unreduced());
        this.target = ReshardLayout.of(to, after, to.unreduced());
        this.moves = new ReshardMoves(from.mesh(), type, List.of(before, after), to.unreduced());
    }

    /**
     * The steps of a way that sends fewer bytes than {@code known}, or as many in fewer steps; none if there is none.
     */
    List<ReshardStep> cheaperThan(ReshardPlan known) {
        long maxBytes = known.sentBytes();
        int maxSteps = known.steps().size();
        PriorityQueue<Way> open =
                new PriorityQueue<>(Comparator.comparingLong(Way::leastBytes).thenComparingInt(Way::numSteps));
        Map<ReshardLayout, Way> best = new HashMap<>();
        Way first = new Way(start, 0, leastBytes(start), 0, null, ReshardMoves.Edge.NONE);
        open.add(first);
        best.put(start, first);
        int left = MAX_LAYOUTS;
        for (Way way = open.poll(); way != null && left > 0; way = open.poll()) {
            if (best.get(way.layout()) != way) {
                continue;
            }
            if (way.layout().equals(target)) {
                return steps(way);
            }
            left--;
            for (ReshardMoves.Edge edge : moves.from(way.layout())) {
                long bytes = way.bytes() + edge.bytes();
                long least = bytes + leastBytes(edge.to());
                int numSteps = way.numSteps() + edge.steps().size();
                if (least > maxBytes || (least == maxBytes && numSteps >= maxSteps)) {
                    continue;
                }
                Way other = best.get(edge.to());
                if (other == null || bytes < other.bytes() || (bytes == other.bytes() && numSteps < other.numSteps())) {
                    Way next = new Way(edge.to(), bytes, least, numSteps, way, edge);
                    best.put(edge.to(), next);
                    open.add(next);
                }
            }
        }
        return List.of();
    }

    /** A rank that holds less than it needs must be sent the rest, and so must another rank send it. */
    private long leastBytes(ReshardLayout layout) {
        // Padding comes for nothing.
        return padded ? 0 : Math.max(0, moves.localBytes(target) - moves.localBytes(layout));
    }

    private static List<ReshardStep> steps(Way last) {
        Deque<ReshardMoves.Edge> edges = new ArrayDeque<>();
        for (Way way = last; way != null; way = way.before()) {
            edges.addFirst(way.by());
        }
        List<ReshardStep> steps = new ArrayList<>();
        edges.forEach(edge -> steps.addAll(edge.steps()));
        return steps;
    }
}
