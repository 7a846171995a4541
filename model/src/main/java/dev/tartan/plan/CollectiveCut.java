package dev.tartan.plan;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.ChunkOffset;
import dev.tartan.partition.AllGather;
import dev.tartan.partition.AllReduce;
import dev.tartan.partition.AllToAll;
import dev.tartan.partition.Collective;
import dev.tartan.partition.Permute;
import java.util.ArrayList;
import java.util.List;

/**
 * A collective cut into chunks that are collectives of the same kind, each on memory of its own, a <i>slot</i>. All
 * chunks but the last are equally long. All counts are of elements.
 *
 * <p>A tensor that has a part for each rank is cut by columns: a chunk has the same elements of every part, one part
 * after the other. The tensor of an all-reduce is cut so as well, at the parts that ranks share out among themselves;
 * so each element is added up by the same ranks in the same order as in one piece, if by the same algorithm. Parts of
 * it may differ in length; what a shorter one lacks in the last chunk is filled with anything, and dropped.
 *
 * <p>For example, an all-gather of 40 floats from each of 2 ranks in chunks of 256 bytes: the first has floats 0 to 31
 * of each rank, the second 32 to 39.
 */
public final class CollectiveCut {
    private final Form form;
    private final int elementBytes;
    /** Where each part begins, and the end of the last one. */
    private final List<Long> starts;

    private final long widest;
    /** Elements of a part in each chunk but the last. */
    private final long columns;
    /** The last chunk of an all-reduce has a multiple of it. */
    private final long unit;

    /** What is where in a slot. */
    private enum Form {
        /** The operand becomes the result. */
        IN_PLACE,
        /** The operand is the rank's part of the result. */
        GATHER,
        /** The result is the rank's part of the operand. */
        SCATTER,
        /** The result comes after the operand. */
        APART
    }

    private CollectiveCut(Form form, int elementBytes, List<Long> starts, long columns, long unit) {
        this.form = form;
        this.elementBytes = elementBytes;
        this.starts = List.copyOf(starts);
        this.widest = widest(starts);
        this.columns = columns;
        this.unit = unit;
    }

    /** Consecutive elements of a tensor, and where they are in a slot. */
    public record Piece(long element, long slotElement, long count) {}

    /** Consecutive elements of a slot. */
    public record View(long first, long count) {}

    /** Cuts a collective so that a slot takes {@code chunkBytes}, or a few lines of each part if that is more. */
    public static CollectiveCut of(Collective op, TensorType operand, TensorType result, long chunkBytes) {
        Form form = form(op);
        int elementBytes = operand.dtype().bytes();
        long all = Math.max(operand.shape().numElements(), result.shape().numElements());
        int copies = form == Form.APART ? 2 : 1;
        if (copies * all * elementBytes <= chunkBytes) {
            boolean hasParts = op instanceof AllGather || form == Form.SCATTER || op instanceof AllToAll;
            List<Long> starts = equalParts(all, hasParts ? op.numRanks() : 1);
            return new CollectiveCut(form, elementBytes, starts, Math.max(1, widest(starts)), 1);
        }
        List<Long> starts = op instanceof AllReduce
                ? sharedOut(all, elementBytes, op.numRanks())
                : equalParts(all, form == Form.APART ? 1 : op.numRanks());
        long unit = Math.max(1, ChunkOffset.LINE_BYTES / elementBytes);
        long slotParts = copies * (starts.size() - 1L);
        long most = Math.max(unit, chunkBytes / (slotParts * elementBytes) / unit * unit);
        long numChunks = (widest(starts) + most - 1) / most;
        long columns = roundedUp((widest(starts) + numChunks - 1) / numChunks, unit);
        return new CollectiveCut(form, elementBytes, starts, columns, op instanceof AllReduce ? unit : 1);
    }

    private static Form form(Collective op) {
        if (op instanceof AllReduce || op instanceof AllToAll) {
            return Form.IN_PLACE;
        }
        return op instanceof Permute ? Form.APART : op instanceof AllGather ? Form.GATHER : Form.SCATTER;
    }

    private static List<Long> equalParts(long all, int numParts) {
        List<Long> starts = new ArrayList<>();
        for (int part = 0; part <= numParts; part++) {
            starts.add(all / numParts * part);
        }
        return starts;
    }

    private static List<Long> sharedOut(long all, int elementBytes, int numParts) {
        List<Long> starts = new ArrayList<>();
        for (int part = 0; part <= numParts; part++) {
            starts.add(ChunkOffset.of(all * elementBytes, elementBytes, part, numParts) / elementBytes);
        }
        return starts;
    }

    private static long widest(List<Long> starts) {
        long widest = 0;
        for (int part = 1; part < starts.size(); part++) {
            widest = Math.max(widest, starts.get(part) - starts.get(part - 1));
        }
        return widest;
    }

    private static long roundedUp(long number, long unit) {
        return (number + unit - 1) / unit * unit;
    }

    private int numParts() {
        return starts.size() - 1;
    }

    /** Number of chunks, at least one. */
    public int numChunks() {
        return Math.max(1, Math.toIntExact((widest + columns - 1) / columns));
    }

    /** Bytes of the largest slot. */
    public long slotBytes() {
        return slotElements(0) * elementBytes;
    }

    /** Elements that a chunk's slot has. */
    public long slotElements(int chunk) {
        return width(chunk) * (form == Form.APART ? 2 : numParts());
    }

    /** Elements of each part in a chunk's slot. */
    private long width(int chunk) {
        return roundedUp(Math.min(columns, widest - chunk * columns), unit);
    }

    /** What is copied to a chunk's slot, at a rank of the group. */
    public List<Piece> operandPieces(int chunk, int rank) {
        return form == Form.GATHER ? own(chunk, rank) : ofAllParts(chunk, 0);
    }

    /** What is copied from a chunk's slot, at a rank of the group. */
    public List<Piece> resultPieces(int chunk, int rank) {
        return form == Form.SCATTER
                ? own(chunk, rank)
                : ofAllParts(chunk, resultView(chunk, rank).first());
    }

    /** Where a chunk's operand is in its slot, at a rank of the group. */
    public View operandView(int chunk, int rank) {
        return form == Form.GATHER ? ownView(chunk, rank) : new View(0, width(chunk) * numParts());
    }

    /** Where a chunk's result is in its slot, at a rank of the group. */
    public View resultView(int chunk, int rank) {
        return switch (form) {
            case SCATTER -> ownView(chunk, rank);
            case APART -> new View(width(chunk), width(chunk));
            case IN_PLACE, GATHER -> new View(0, width(chunk) * numParts());
        };
    }

    private View ownView(int chunk, int rank) {
        return new View(rank * width(chunk), width(chunk));
    }

    private List<Piece> own(int chunk, int rank) {
        View view = ownView(chunk, rank);
        return view.count() == 0 ? List.of() : List.of(new Piece(chunk * columns, view.first(), view.count()));
    }

    private List<Piece> ofAllParts(int chunk, long slotFirst) {
        List<Piece> pieces = new ArrayList<>();
        for (int part = 0; part < numParts(); part++) {
            long from = Math.min(starts.get(part) + chunk * columns, starts.get(part + 1));
            long to = Math.min(from + columns, starts.get(part + 1));
            if (to > from) {
                pieces.add(new Piece(from, slotFirst + part * width(chunk), to - from));
            }
        }
        return pieces;
    }
}
