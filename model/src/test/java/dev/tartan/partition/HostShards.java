package dev.tartan.partition;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardRange;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.RowMajor;
import java.util.Arrays;
import java.util.List;

/** Cuts host tensors into the shards of a mesh, and puts shards together. */
final class HostShards {
    private HostShards() {}

    /** What {@code rank} holds of {@code whole}. */
    static HostTensor cut(Mesh mesh, PartitionSpec spec, HostTensor whole, int rank) {
        NamedSharding sharding = NamedSharding.of(mesh, spec);
        List<ShardRange> block = ShardRange.block(sharding, whole.shape(), rank);
        TensorType type = whole.type().withShape(sharding.localShape(whole.shape()));
        return HostTensor.generate(type, i -> whole.data()[globalPosition(whole.shape(), type.shape(), block, i)]);
    }

    /** The tensor of which {@code shards} holds one per rank. Ranks that hold the same block must agree bitwise. */
    static HostTensor join(Mesh mesh, PartitionSpec spec, TensorType whole, List<HostTensor> shards) {
        double[] data = new double[Math.toIntExact(whole.shape().numElements())];
        boolean[] written = new boolean[data.length];
        for (int rank = 0; rank < mesh.numRanks(); rank++) {
            NamedSharding sharding = NamedSharding.of(mesh, spec);
            List<ShardRange> block = ShardRange.block(sharding, whole.shape(), rank);
            HostTensor shard = shards.get(rank);
            if (!shard.shape().equals(sharding.localShape(whole.shape()))) {
                throw new AssertionError(
                        "shard has another shape: shard=" + shard.type() + ", whole=" + whole + ", spec=" + spec);
            }
            for (int i = 0; i < shard.data().length; i++) {
                int at = globalPosition(whole.shape(), shard.shape(), block, i);
                if (written[at] && Double.compare(data[at], shard.data()[i]) != 0) {
                    throw new AssertionError("replicas differ: element=" + at + ", rank=" + rank + ", value="
                            + shard.data()[i] + ", before=" + data[at] + ", spec=" + spec);
                }
                data[at] = shard.data()[i];
                written[at] = true;
            }
        }
        return new HostTensor(whole, data);
    }

    private static int globalPosition(Shape whole, Shape local, List<ShardRange> block, int position) {
        int[] index = RowMajor.index(local, position);
        Arrays.setAll(index, dim -> index[dim] + Math.toIntExact(block.get(dim).start()));
        return RowMajor.position(whole, index);
    }
}
