package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveOp;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How a group picks its algorithms: by {@link AlgorithmTable}, unless told. Has to be equal on all ranks of the group.
 *
 * @param segmentBytes most bytes of a pipelined message; a multiple of 8
 * @param fixed ops whose algorithm is not to be picked but is named here
 */
public record AlgorithmChoice(long segmentBytes, Map<CollectiveOp, String> fixed) {
    /** Fits the second-level cache a few times over, and takes some 100 us to send. */
    private static final long SEGMENT_BYTES = 256 * 1024;

    private static final long MAX_SEGMENT_BYTES = 64L << 20;

    /**
     * Copies the map.
     *
     * @throws IllegalArgumentException if segments are not a positive multiple of 8 bytes, or above 64 MiB
     */
    public AlgorithmChoice {
        if (segmentBytes <= 0 || segmentBytes % Long.BYTES != 0 || segmentBytes > MAX_SEGMENT_BYTES) {
            throw new IllegalArgumentException("collective.segmentBytes is not a size for segments: segmentBytes="
                    + segmentBytes + ". Give a multiple of 8, up to " + MAX_SEGMENT_BYTES + ".");
        }
        fixed = Map.copyOf(fixed);
    }

    /** Picks all by the table. */
    public static AlgorithmChoice defaults() {
        return new AlgorithmChoice(SEGMENT_BYTES, Map.of());
    }

    /** This choice with another length of segments. */
    public AlgorithmChoice withSegmentBytes(long bytes) {
        return new AlgorithmChoice(bytes, fixed);
    }

    /** This choice with one op's algorithm named. */
    public AlgorithmChoice with(CollectiveOp op, String algorithm) {
        Map<CollectiveOp, String> more = new LinkedHashMap<>(fixed);
        more.put(op, algorithm);
        return new AlgorithmChoice(segmentBytes, more);
    }

    /** The algorithms to pick from, those of fixed ops being the only ones of their op. */
    List<CollectiveAlgorithm> algorithms(Workspace workspace, GroupShape shape) {
        List<CollectiveAlgorithm> all = new ArrayList<>(List.of(
                new RecursiveDoublingAllReduce(workspace),
                new HalvingDoublingAllReduce(workspace),
                new RingAllReduce(workspace),
                new DirectAllReduce(workspace),
                new RingReduceScatter(workspace),
                new DirectReduceScatter(workspace),
                new RingAllGather(workspace),
                new PairwiseAllToAll(workspace),
                new TreeBroadcast(workspace),
                new DisseminationBarrier(workspace)));
        ProcessAndRail groups = ProcessAndRail.of(workspace, shape.ranksPerProcess());
        List<CollectiveAlgorithm> hierarchical = List.of(
                new HierarchicalAllReduce(workspace, groups),
                new HierarchicalReduceScatter(workspace, groups),
                new HierarchicalAllGather(workspace, groups));
        for (CollectiveAlgorithm each : hierarchical) {
            // Elsewhere it is a ring, and only there for those who ask for it.
            if (shape.isHierarchical() || each.name().equals(fixed.get(each.op()))) {
                all.add(each);
            }
        }
        List<CollectiveAlgorithm> allowed = new ArrayList<>();
        for (CollectiveAlgorithm algorithm : all) {
            String only = fixed.get(algorithm.op());
            if (only == null || only.equals(algorithm.name())) {
                allowed.add(algorithm);
            }
        }
        for (CollectiveOp op : CollectiveOp.values()) {
            if (!op.isPointToPoint() && allowed.stream().noneMatch(algorithm -> algorithm.op() == op)) {
                List<String> names = all.stream()
                        .filter(algorithm -> algorithm.op() == op)
                        .map(CollectiveAlgorithm::name)
                        .toList();
                throw new IllegalArgumentException("algorithm does not exist: op=" + op.label() + ", algorithm="
                        + fixed.get(op) + ". Use one of " + names + ".");
            }
        }
        return List.copyOf(allowed);
    }
}
