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
 * least yet to be sent, then by steps, then by the axes communicated over, then in an order that is the same each time.
 * Only ways that are cheaper than a known one are followed, so that little is searched where the known one is good.
 *
 * <p>Example, {@code [data, model] -> [model, data]} on {@code mesh(data=4, model=4)}: one permute, with which a rank
 * sends its shard; gathering one axis, moving the other and slicing would send 3 shards and 3 again.
 *
 * <p>Idea: A* search, Hart, Nilsson and Raphael 1968.
 */
final class SearchReshard {
    /**
     * A search on a mesh of four axes or more, or with much padding, may end here, with what was known. Five dims have
     * 458 layouts on three axes.
     */
    private static final int MAX_LAYOUTS = 2000;

    private final ReshardMoves moves;
    private final ReshardLayout target;
    private final ReshardLayout start;
    private final LackingBytes lacking;

    /** A layout, and the cheapest known way to it. */
    private record Way(
            ReshardLayout layout,
            long bytes,
            long leastBytes,
            int effort,
            @Nullable Way before,
            ReshardMoves.Edge by) {}

    /** Takes layouts in which each axis has more than one rank, except those of pending sums. */
    SearchReshard(NamedSharding from, NamedSharding to, TensorType type) {
        Shape shape = type.shape();
        Shape before = ShardRange.paddedShape(from, shape);
        Shape after = ShardRange.paddedShape(to, shape);
        this.start = ReshardLayout.of(from, before, to.unreduced());
        this.target = ReshardLayout.of(to, after, to.unreduced());
        this.lacking = new LackingBytes(from.mesh(), type, target);
        this.moves = new ReshardMoves(from.mesh(), type, List.of(before, after), to.unreduced());
    }

    /**
     * The steps of a way that sends fewer bytes than {@code known}, or as many in fewer steps; none if there is none.
     */
    List<ReshardStep> cheaperThan(ReshardPlan known) {
        long maxBytes = known.sentBytes();
        // With as many steps it is no better, whatever axes they are over.
        int maxEffort = known.steps().size() * ReshardMoves.EFFORT_OF_STEP;
        PriorityQueue<Way> open =
                new PriorityQueue<>(Comparator.comparingLong(Way::leastBytes).thenComparingInt(Way::effort));
        Map<ReshardLayout, Way> best = new HashMap<>();
        Way first = new Way(start, 0, lacking.of(start), 0, null, ReshardMoves.Edge.NONE);
        open.add(first);
        best.put(start, first);
        int left = MAX_LAYOUTS;
        for (Way way = open.poll(); way != null && left > 0; way = open.poll()) {
            Way newest = best.get(way.layout());
            if (newest != null && isLess(newest.bytes(), newest.effort(), way.bytes(), way.effort())) {
                continue;
            }
            if (way.layout().equals(target)) {
                return steps(way);
            }
            left--;
            for (ReshardMoves.Edge edge : moves.from(way.layout())) {
                long bytes = way.bytes() + edge.bytes();
                int effort = way.effort() + edge.effort();
                Way other = best.get(edge.to());
                if (bytes > maxBytes || (other != null && !isLess(bytes, effort, other.bytes(), other.effort()))) {
                    continue;
                }
                long least = bytes + (other == null ? lacking.of(edge.to()) : other.leastBytes() - other.bytes());
                if (isLess(least, effort, maxBytes, maxEffort)) {
                    Way next = new Way(edge.to(), bytes, least, effort, way, edge);
                    best.put(edge.to(), next);
                    open.add(next);
                }
            }
        }
        return List.of();
    }

    private static boolean isLess(long bytes, int effort, long otherBytes, int otherEffort) {
        return bytes < otherBytes || (bytes == otherBytes && effort < otherEffort);
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
