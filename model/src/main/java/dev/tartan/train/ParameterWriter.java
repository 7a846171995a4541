package dev.tartan.train;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.checkpoint.SafetensorsWriter;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.collective.CollectiveException;
import dev.tartan.execute.RankExecutor;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.partition.Program;
import dev.tartan.partition.Reshard;
import dev.tartan.plan.MemoryPlan;
import dev.tartan.plan.PlanMemory;
import dev.tartan.train.graph.PlannedState;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes one rank's part of parameters, or of tensors laid out like them, into a file of process 0. What process 0 does
 * not hold whole is first gathered over the axes that lead out of it, one tensor at a time and on all ranks; that takes
 * some two or three times its memory, which is given back before the next.
 *
 * <p>Cost: for shards of S bytes and axes of P ranks that are gathered over, each rank sends S(P-1).
 */
final class ParameterWriter {
    private final Mesh mesh;
    private final int rank;
    private final Device device;
    private final ProcessRanks ranks;

    ParameterWriter(Mesh mesh, int rank, Device device, ProcessRanks ranks) {
        this.mesh = mesh;
        this.rank = rank;
        this.device = device;
        this.ranks = ranks;
    }

    /**
     * The layout without as many axes, those first whose ranks are farthest apart, as process 0 does not reach along.
     */
    private PlannedState inProcessZero(PlannedState state) {
        PlannedState laidOut = state;
        for (String axis : mesh.axisNames()) {
            if (isHeldByProcessZero(laidOut)) {
                break;
            }
            laidOut = laidOut.laidOut(laidOut.spec().without(List.of(axis)));
        }
        return laidOut;
    }

    private boolean isHeldByProcessZero(PlannedState state) {
        for (int other = ranks.numRanks(); other < mesh.numRanks(); other++) {
            if (ParameterFile.isWriter(mesh, state, other)
                    && state.box(mesh, other).numElements() > 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Writes what the rank holds of a tensor, unless a lower rank holds the same. All ranks of the mesh have to call it
     * for the same tensors in the same order.
     *
     * @param shard what the rank holds, in the layout of {@code state}
     * @param writer null in processes that write nothing
     * @throws CollectiveException if a peer fails or is late
     */
    void write(PlannedState state, Buffer shard, @Nullable SafetensorsWriter writer) {
        PlannedState gathered = inProcessZero(state);
        if (gathered.spec().equals(state.spec())) {
            writeShard(state, shard, writer);
            return;
        }
        TensorType type = shard.type().withShape(state.shape());
        Program program = Reshard.plan(
                        NamedSharding.of(mesh, state.spec()), NamedSharding.of(mesh, gathered.spec()), type)
                .program("gather " + state.name());
        MemoryPlan memory = PlanMemory.run(program, Map.of(), device);
        try (RankExecutor executor = new RankExecutor(program, memory, rank, device, ranks.communicators())) {
            executor.input("x").write(values(shard));
            executor.run();
            writeShard(gathered, executor.output("y"), writer);
        }
    }

    private void writeShard(PlannedState state, Buffer shard, @Nullable SafetensorsWriter writer) {
        TensorSlice box = state.box(mesh, rank);
        if (writer != null && ParameterFile.isWriter(mesh, state, rank) && box.numElements() > 0) {
            writer.writeFloats(
                    state.name(),
                    box,
                    ParameterFile.unpadded(values(shard), box, shard.type().shape()));
        }
    }

    private static float[] values(Buffer buffer) {
        float[] values = new float[Math.toIntExact(buffer.type().shape().numElements())];
        buffer.read(values);
        return values;
    }
}
