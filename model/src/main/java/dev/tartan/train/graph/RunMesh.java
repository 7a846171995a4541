package dev.tartan.train.graph;

import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.Shape;
import dev.tartan.train.config.StrategyConfig;
import java.util.List;

/**
 * The mesh of a run, and which of its axes split the batch. Ranks that differ in their part of the batch are numbered
 * as <em>data ranks</em>. ZeRO splits over all of them, which are then the axis {@code data}; or over groups of
 * {@code strategy.shard} consecutive ones, each along {@code data}, and the groups hold the same along {@code replica}.
 * Source: Zhao et al. 2023, "PyTorch FSDP", section 3.2.2, hybrid sharding.
 *
 * <pre>
 * mesh.data=4, mesh.model=1, strategy.shard=2: mesh(replica=2, data=2, model=1)
 *   rank        0   1   2   3
 *   replica     0   0   1   1
 *   data        0   1   0   1
 *   data rank   0   1   2   3
 * </pre>
 */
public final class RunMesh {
    /** The mesh axis along which groups of shards hold the same; only meshes of hybrid sharding have it. */
    public static final String REPLICA_AXIS = "replica";

    /** The mesh axis over which ZeRO splits, and by which the batch is split. */
    public static final String DATA_AXIS = "data";

    /** The mesh axis over which networks split their parameters. */
    public static final String MODEL_AXIS = "model";

    /** The axes, in order, of a mesh without replicas. */
    public static final List<String> AXES = List.of(DATA_AXIS, MODEL_AXIS);

    private RunMesh() {}

    /** A mesh of {@code data} data ranks, over all of which ZeRO splits, times {@code model}. */
    public static Mesh of(int data, int model) {
        return Mesh.of(
                Device.cpus(Math.multiplyExact(data, model)), Shape.shape(data, model), AXES.toArray(new String[0]));
    }

    /**
     * A mesh of {@code data} data ranks times {@code model}, with an axis {@code replica} if ZeRO splits over fewer.
     *
     * @throws IllegalArgumentException if {@code strategy.shard} is given and does not divide {@code data}, or nothing
     *     is split
     */
    public static Mesh of(int data, int model, StrategyConfig strategy) {
        int shard = strategy.shard();
        if (shard > 0 && strategy.zero() == 0) {
            throw new IllegalArgumentException("strategy.shard says over how many ranks ZeRO splits, but at stage 0 it"
                    + " splits nothing: strategy.shard=" + shard + ", strategy.zero=0. Set strategy.zero to 1, 2 or 3,"
                    + " or leave strategy.shard out.");
        }
        if (shard > 0 && data % shard != 0) {
            throw new IllegalArgumentException(
                    "strategy.shard does not divide mesh.data: strategy.shard=" + shard + ", mesh.data=" + data
                            + ". Change one of them, or set strategy.shard=0 to split over all of data.");
        }
        if (strategy.shards(data) == data) {
            return of(data, model);
        }
        return Mesh.of(
                Device.cpus(Math.multiplyExact(data, model)),
                Shape.shape(data / shard, shard, model),
                REPLICA_AXIS,
                DATA_AXIS,
                MODEL_AXIS);
    }

    /** The axes that split the batch, major to minor; none on a mesh that has none of them. */
    public static List<String> batchAxes(Mesh mesh) {
        return mesh.axisNames().stream()
                .filter(axis -> axis.equals(REPLICA_AXIS) || axis.equals(DATA_AXIS))
                .toList();
    }

    /** In how many parts the batch is split. */
    public static int numDataRanks(Mesh mesh) {
        return mesh.numShards(batchAxes(mesh));
    }

    /** How many groups of ranks hold the same shards. */
    public static int numReplicas(Mesh mesh) {
        return mesh.axisNames().contains(REPLICA_AXIS) ? mesh.axisSize(REPLICA_AXIS) : 1;
    }

    /** Which part of the batch a rank has, from 0. */
    public static int dataRank(Mesh mesh, int rank) {
        return mesh.indexAlong(rank, batchAxes(mesh));
    }
}
