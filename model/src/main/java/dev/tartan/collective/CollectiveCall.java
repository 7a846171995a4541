package dev.tartan.collective;

import dev.tartan.graph.DType;

/**
 * One rank's side of one collective, made once and run every step. Immutable.
 *
 * <p>{@code P} ranks, {@code chunk} = one rank's equal part, in group-rank order:
 *
 * <pre>
 * op               input     output    in place when
 * all_reduce       S         S         input == output
 * reduce_scatter   P x chunk chunk     output == chunk number `rank` of input
 * all_gather       chunk     P x chunk input == chunk number `rank` of output
 * all_to_all       P x chunk P x chunk input == output; output chunk q is chunk `rank` of rank q's input
 * broadcast        S         S         always: the root's region is copied over everyone else's
 * barrier          none      none
 * send             S         none
 * receive          none      S
 * </pre>
 *
 * @param reduce how values combine; ignored (SUM) by ops that only move data
 * @param root group rank whose region is broadcast, or that is sent to or received from; 0 for other ops
 * @param tag names the call in errors, and must be equal on all ranks
 */
public record CollectiveCall(
        CollectiveOp op, ReduceKind reduce, DType type, MemoryRegion input, MemoryRegion output, int root, String tag) {

    /**
     * Checks what does not depend on the group.
     *
     * @throws IllegalArgumentException if a length is not a whole number of elements, or the type cannot be reduced so
     */
    public CollectiveCall {
        if (input.bytes() % type.bytes() != 0 || output.bytes() % type.bytes() != 0) {
            throw new IllegalArgumentException(op.label() + " '" + tag + "' is not a whole number of elements: type="
                    + type + ", inputBytes=" + input.bytes() + ", outputBytes=" + output.bytes()
                    + ". Give regions of full elements.");
        }
        if (op.reduces() && (type == DType.BOOL || (type == DType.INT32 && reduce == ReduceKind.MEAN))) {
            throw new IllegalArgumentException(op.label() + " '" + tag + "' cannot combine its elements: type=" + type
                    + ", reduce=" + reduce + ". Use a numeric type, and MEAN on floating-point only.");
        }
    }

    /** Every rank's output becomes the reduction of all inputs. */
    public static CollectiveCall allReduce(
            MemoryRegion input, MemoryRegion output, DType type, ReduceKind reduce, String tag) {
        return new CollectiveCall(CollectiveOp.ALL_REDUCE, reduce, type, input, output, 0, tag);
    }

    /** Rank r's output becomes the reduction of chunk r of all inputs. */
    public static CollectiveCall reduceScatter(
            MemoryRegion input, MemoryRegion output, DType type, ReduceKind reduce, String tag) {
        return new CollectiveCall(CollectiveOp.REDUCE_SCATTER, reduce, type, input, output, 0, tag);
    }

    /** Every rank's output becomes all inputs, one after the other in rank order. */
    public static CollectiveCall allGather(MemoryRegion input, MemoryRegion output, DType type, String tag) {
        return new CollectiveCall(CollectiveOp.ALL_GATHER, ReduceKind.SUM, type, input, output, 0, tag);
    }

    /** Chunk q of rank r's output becomes chunk r of rank q's input. */
    public static CollectiveCall allToAll(MemoryRegion input, MemoryRegion output, DType type, String tag) {
        return new CollectiveCall(CollectiveOp.ALL_TO_ALL, ReduceKind.SUM, type, input, output, 0, tag);
    }

    /** Every rank's region becomes the root's. */
    public static CollectiveCall broadcast(MemoryRegion region, DType type, int root, String tag) {
        return new CollectiveCall(CollectiveOp.BROADCAST, ReduceKind.SUM, type, region, region, root, tag);
    }

    /** No rank returns before all have come. */
    public static CollectiveCall barrier(String tag) {
        return new CollectiveCall(
                CollectiveOp.BARRIER, ReduceKind.SUM, DType.BOOL, MemoryRegion.empty(), MemoryRegion.empty(), 0, tag);
    }

    /** The region goes to another rank, whose receive names the same bytes, type and tag. */
    public static CollectiveCall send(MemoryRegion region, DType type, int to, String tag) {
        return new CollectiveCall(CollectiveOp.SEND, ReduceKind.SUM, type, region, MemoryRegion.empty(), to, tag);
    }

    /** The region is filled by another rank's send. */
    public static CollectiveCall receive(MemoryRegion region, DType type, int from, String tag) {
        return new CollectiveCall(CollectiveOp.RECEIVE, ReduceKind.SUM, type, MemoryRegion.empty(), region, from, tag);
    }

    /**
     * The size S by which traffic is counted and bus bandwidth computed: the whole buffer, that is the larger of input
     * and output, in bytes.
     */
    public long payloadBytes() {
        return Math.max(input.bytes(), output.bytes());
    }

    /**
     * Checks lengths and overlap for one rank of a group.
     *
     * @throws IllegalArgumentException if the lengths do not fit the op, the root is not a rank, or input and output
     *     overlap in another way than the op's in-place form
     */
    public void check(int rank, int numRanks) {
        long in = input.bytes();
        long out = output.bytes();
        boolean fits = switch (op) {
            case ALL_REDUCE, BARRIER -> in == out;
            case BROADCAST -> in == out && root >= 0 && root < numRanks;
            case REDUCE_SCATTER -> in == out * numRanks;
            case ALL_GATHER -> out == in * numRanks;
            case ALL_TO_ALL -> in == out && in / type.bytes() % numRanks == 0;
            case SEND, RECEIVE -> root >= 0 && root < numRanks && root != rank;
        };
        if (!fits) {
            throw new IllegalArgumentException(op.label() + " '" + tag + "' does not fit its group: numRanks="
                    + numRanks + ", root=" + root + ", inputBytes=" + in + ", outputBytes=" + out
                    + ". Each rank has one equal chunk of whole elements.");
        }
        long inPlaceOffset = switch (op) {
            case REDUCE_SCATTER -> out * rank;
            case ALL_GATHER -> -in * rank;
            default -> 0;
        };
        if (input.overlaps(output) && output.address() != input.address() + inPlaceOffset) {
            throw new IllegalArgumentException(op.label() + " '" + tag + "' has input and output half over each other: "
                    + "rank=" + rank + ", input=" + input + ", output=" + output
                    + ". Keep them apart, or use the op's in-place form.");
        }
    }

    /** Whether the call is for this rank and one other only. */
    public boolean isPointToPoint() {
        return op.isPointToPoint();
    }

    /** Whether another rank's call belongs together with this one. */
    public boolean matches(CollectiveCall other) {
        return op == other.op
                && reduce == other.reduce
                && type == other.type
                && input.bytes() == other.input.bytes()
                && output.bytes() == other.output.bytes()
                && root == other.root
                && tag.equals(other.tag);
    }

    /** For example {@code all_reduce(SUM, FLOAT32, bytes=4096, tag='grad.w1')}. */
    public String describe() {
        return switch (op) {
            case BARRIER -> "barrier(tag='" + tag + "')";
            case BROADCAST ->
                "broadcast(root=" + root + ", " + type + ", bytes=" + payloadBytes() + ", tag='" + tag + "')";
            case ALL_REDUCE, REDUCE_SCATTER ->
                op.label() + "(" + reduce + ", " + type + ", bytes=" + payloadBytes() + ", tag='" + tag + "')";
            case SEND -> "send(to=" + root + ", " + type + ", bytes=" + payloadBytes() + ", tag='" + tag + "')";
            case RECEIVE -> "receive(from=" + root + ", " + type + ", bytes=" + payloadBytes() + ", tag='" + tag + "')";
            case ALL_GATHER, ALL_TO_ALL ->
                op.label() + "(" + type + ", bytes=" + payloadBytes() + ", tag='" + tag + "')";
        };
    }
}
