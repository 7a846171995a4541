package dev.tartan.partition;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.ShardRange;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Which boxes of a tensor each rank of one mesh takes from which rank of another; see {@link Reshard#between}. Plain
 * data.
 *
 * @param type of the whole tensor, without padding
 * @param pieces by target, then by place in the tensor; those of a target do not overlap and are all it holds
 */
public record MeshTransfer(NamedSharding from, NamedSharding to, TensorType type, List<Piece> pieces) {
    /** Whom to take a box from that several ranks hold. */
    public enum Holder {
        /** The target's own rank, else the one from which the fewest bytes are taken so far. */
        NEAREST,
        /** The lowest rank, as if the others did not hold it. */
        FIRST
    }

    /**
     * One box.
     *
     * @param target rank of the mesh that takes it
     * @param source rank of the mesh that has it
     * @param box in the whole tensor, one range per dim
     * @param inSource the same box in the source's shard
     * @param inTarget the same box in the target's shard
     */
    public record Piece(
            int target, int source, List<ShardRange> box, List<ShardRange> inSource, List<ShardRange> inTarget) {
        public Piece {
            box = List.copyOf(box);
            inSource = List.copyOf(inSource);
            inTarget = List.copyOf(inTarget);
        }

        /** Number of elements of the box. */
        public long numElements() {
            return box.stream().mapToLong(ShardRange::size).reduce(1, Math::multiplyExact);
        }

        /** Whether the target's rank has it already. */
        public boolean isLocal() {
            return source == target;
        }
    }

    public MeshTransfer {
        pieces = List.copyOf(pieces);
    }

    /** What one rank takes. */
    public List<Piece> piecesOf(int target) {
        return pieces.stream().filter(piece -> piece.target() == target).toList();
    }

    /** Bytes of a piece. */
    public long bytes(Piece piece) {
        return piece.numElements() * type.dtype().bytes();
    }

    /** Bytes that all ranks together take from ranks other than themselves. */
    public long sentBytes() {
        return pieces.stream()
                .filter(piece -> !piece.isLocal())
                .mapToLong(this::bytes)
                .sum();
    }

    /** The layouts, a line for each piece, and the total. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        text.append(type).append(" from ").append(from).append(" on ").append(from.mesh());
        text.append(" to ").append(to).append(" on ").append(to.mesh()).append('\n');
        for (Piece piece : pieces) {
            text.append("  rank ").append(piece.target());
            text.append(piece.isLocal() ? " keeps " : " takes ").append(print(piece.box()));
            text.append(piece.isLocal() ? "" : " from rank " + piece.source());
            text.append(", ").append(bytes(piece)).append(" B\n");
        }
        long all = pieces.stream().mapToLong(this::bytes).sum();
        return text.append("total: ")
                .append(all)
                .append(" B, ")
                .append(sentBytes())
                .append(" B of them from other ranks\n")
                .toString();
    }

    private static String print(List<ShardRange> box) {
        return box.stream().map(ShardRange::toString).collect(Collectors.joining(", ", "[", "]"));
    }
}
