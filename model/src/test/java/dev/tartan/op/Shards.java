package dev.tartan.op;

import dev.tartan.graph.Reduction;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.ShardRange;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.RowMajor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleBinaryOperator;

/** Cuts host tensors into shards, and combines unreduced ones. */
final class Shards {
    private Shards() {}

    /** The shards of all tensors that {@code rank} holds. */
    static List<HostTensor> ofRank(List<NamedSharding> shardings, List<HostTensor> whole, int rank) {
        List<HostTensor> shards = new ArrayList<>();
        for (int i = 0; i < whole.size(); i++) {
            shards.add(of(shardings.get(i), whole.get(i), rank));
        }
        return shards;
    }

    /** The shard of {@code whole} that {@code rank} holds. */
    static HostTensor of(NamedSharding sharding, HostTensor whole, int rank) {
        List<ShardRange> block = ShardRange.block(sharding, whole.shape(), rank);
        var type = whole.type().withShape(sharding.localShape(whole.shape()));
        return HostTensor.generate(type, position -> {
            int[] index = RowMajor.index(type.shape(), position);
            for (int dim = 0; dim < index.length; dim++) {
                index[dim] += (int) block.get(dim).start();
            }
            return whole.at(index);
        });
    }

    /** What {@code rank} has after result {@code result} is combined over the axes it is unreduced over. */
    static HostTensor combine(
            NamedSharding sharding, Reduction reduction, List<List<HostTensor>> perRank, int result, int rank) {
        DoubleBinaryOperator combine = switch (reduction) {
            case SUM -> Double::sum;
            case MAX -> Math::max;
            case MIN -> Math::min;
        };
        Mesh mesh = sharding.mesh();
        List<String> fixed = mesh.axisNames().stream()
                .filter(axis -> !sharding.unreduced().contains(axis))
                .toList();
        List<HostTensor> group = new ArrayList<>();
        for (int peer = 0; peer < mesh.numRanks(); peer++) {
            if (mesh.indexAlong(peer, fixed) == mesh.indexAlong(rank, fixed)) {
                group.add(perRank.get(peer).get(result));
            }
        }
        return group.stream()
                .reduce((a, b) -> HostTensor.generate(a.type(), i -> combine.applyAsDouble(a.data()[i], b.data()[i])))
                .orElseThrow();
    }
}
