package dev.tartan.partition;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Concat;
import dev.tartan.op.Reshape;
import dev.tartan.op.Slice;
import java.util.ArrayList;
import java.util.List;

/**
 * Collectives that are done as one: their operands laid side by side. Example, reduce-scatters of {@code [2, 3]} and
 * {@code [2, 5]} over two ranks become one of {@code [2, 8]}, of whose result {@code [8]} the first gets {@code [0:3]}.
 *
 * <p>What is scattered over one axis and then reduced over another is one bucket in both stages: the joint result
 * {@code [8]} is all-reduced as it is, and the first gets {@code [0:3]} of that.
 */
final class Bucket {
    final CollectiveRole role;
    /** Indices of the collectives, in order. */
    final List<Integer> members = new ArrayList<>();
    /** Indices of the all-reduces of the members' results, in the same order; empty if there is one stage only. */
    final List<Integer> seconds = new ArrayList<>();
    /** The instruction before which it starts. */
    int startsAt;
    /** The joint result of the members, once they are started as one. */
    int outcome;

    Bucket(CollectiveRole role) {
        this.role = role;
    }

    /** A member's way in: flattened, but for the dim of ranks that a reduce-scatter has in front. */
    static Shape flatOperand(Collective op, TensorType operand) {
        long numElements = operand.shape().numElements();
        return op instanceof ReduceScatter
                ? Shape.shape(op.numRanks(), numElements / op.numRanks())
                : Shape.shape(numElements);
    }

    /** How flat operands are laid side by side. */
    static Concat join(Collective op) {
        return new Concat(op instanceof ReduceScatter ? 1 : 0);
    }

    /** A member's part of the joint result, {@code numElements} long from {@code start}, per rank if gathered. */
    static Slice part(Collective op, long start, long numElements) {
        return op instanceof AllGather
                ? new Slice(List.of(0L, start), List.of((long) op.numRanks(), numElements))
                : new Slice(List.of(start), List.of(numElements));
    }

    /** A member's part in its shape. */
    static Reshape shaped(TensorType result) {
        return new Reshape(result.shape());
    }
}
