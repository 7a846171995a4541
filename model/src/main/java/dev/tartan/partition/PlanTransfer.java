package dev.tartan.partition;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardRange;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Cuts what each target rank holds along the borders of the source's shards, and picks a holder for each box. Example,
 * 6 elements from 2 ranks to 3: rank 1 takes element 2 from rank 0 and keeps element 3.
 */
final class PlanTransfer {
    private final NamedSharding from;
    private final NamedSharding to;
    private final TensorType type;
    private final MeshTransfer.Holder holder;
    /** The ranks that hold each block of the source, without padding. */
    private final Map<List<ShardRange>, List<Integer>> holders = new LinkedHashMap<>();
    /** Elements taken from each rank of the source by other ranks. */
    private final long[] taken;

    private final List<MeshTransfer.Piece> pieces = new ArrayList<>();

    private PlanTransfer(NamedSharding from, NamedSharding to, TensorType type, MeshTransfer.Holder holder) {
        this.from = from;
        this.to = to;
        this.type = type;
        this.holder = holder;
        this.taken = new long[from.mesh().numRanks()];
        for (int rank = 0; rank < from.mesh().numRanks(); rank++) {
            holders.computeIfAbsent(
                            ShardRange.blockWithoutPadding(from, type.shape(), rank), block -> new ArrayList<>())
                    .add(rank);
        }
    }

    static MeshTransfer run(NamedSharding from, NamedSharding to, TensorType type, MeshTransfer.Holder holder) {
        if (!from.unreduced().isEmpty() || !to.unreduced().isEmpty()) {
            throw new IllegalArgumentException("unreduced value cannot go to another mesh: from=" + from + ", to=" + to
                    + ". Reduce it on its own mesh first.");
        }
        PlanTransfer plan = new PlanTransfer(from, to, type, holder);
        for (int target = 0; target < to.mesh().numRanks(); target++) {
            plan.take(target);
        }
        return new MeshTransfer(from, to, type, plan.pieces);
    }

    private void take(int target) {
        List<ShardRange> wanted = ShardRange.blockWithoutPadding(to, type.shape(), target);
        holders.forEach((block, ranks) -> {
            List<ShardRange> box = new ArrayList<>();
            for (int dim = 0; dim < block.size(); dim++) {
                box.add(block.get(dim).intersect(wanted.get(dim)));
            }
            if (box.stream().allMatch(range -> range.size() > 0)) {
                int source = source(ranks, target);
                MeshTransfer.Piece piece =
                        new MeshTransfer.Piece(target, source, box, within(from, source, box), within(to, target, box));
                taken[source] += piece.isLocal() ? 0 : piece.numElements();
                pieces.add(piece);
            }
        });
    }

    private int source(List<Integer> ranks, int target) {
        int best = ranks.get(0);
        if (holder == MeshTransfer.Holder.FIRST) {
            return best;
        }
        for (int rank : ranks) {
            if (rank == target) {
                return rank;
            }
            best = taken[rank] < taken[best] ? rank : best;
        }
        return best;
    }

    /** A box of the whole tensor, seen from the beginning of a rank's shard. */
    private List<ShardRange> within(NamedSharding sharding, int rank, List<ShardRange> box) {
        Shape padded = ShardRange.paddedShape(sharding, type.shape());
        List<ShardRange> shard = ShardRange.block(sharding, padded, rank);
        List<ShardRange> local = new ArrayList<>();
        for (int dim = 0; dim < box.size(); dim++) {
            local.add(new ShardRange(
                    box.get(dim).start() - shard.get(dim).start(), box.get(dim).size()));
        }
        return local;
    }
}
