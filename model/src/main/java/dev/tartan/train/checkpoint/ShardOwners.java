package dev.tartan.train.checkpoint;

import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.mesh.Mesh;
import dev.tartan.train.graph.PlannedState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which rank writes which boxes of a checkpoint: of ranks that hold the same, one, picked so that all write about as
 * many bytes. Follows from the mesh and the states alone, so that all ranks and the driver know it without a word.
 * Immutable.
 *
 * <p>Example, zero 0 on {@code data=2}: both ranks hold all of {@code w [4, 4]} and {@code v [4, 4]}; rank 0 writes
 * {@code w}, rank 1 {@code v}.
 */
public final class ShardOwners {
    private final List<Map<SavedTensor, TensorSlice>> boxes;
    private final List<SavedTensor> tensors;
    private final Mesh mesh;

    private ShardOwners(Mesh mesh, List<SavedTensor> tensors, List<Map<SavedTensor, TensorSlice>> boxes) {
        this.mesh = mesh;
        this.tensors = tensors;
        this.boxes = boxes;
    }

    /**
     * Deals out what a checkpoint consists of.
     *
     * @param best whether it has copies of the best parameters too
     */
    public static ShardOwners of(Mesh mesh, List<PlannedState> states, boolean best) {
        List<SavedTensor> tensors = new ArrayList<>();
        states.forEach(state -> tensors.add(SavedTensor.of(state)));
        if (best) {
            states.stream().filter(PlannedState::isParameter).forEach(state -> tensors.add(SavedTensor.ofBest(state)));
        }
        int numRanks = mesh.numRanks();
        List<Map<SavedTensor, TensorSlice>> boxes = new ArrayList<>();
        for (int rank = 0; rank < numRanks; rank++) {
            boxes.add(new LinkedHashMap<>());
        }
        long[] load = new long[numRanks];
        for (SavedTensor tensor : tensors) {
            int[] replicas = replicas(mesh, tensor.state());
            int replica = leastLoaded(replicas, load);
            for (int rank = 0; rank < numRanks; rank++) {
                TensorSlice box = tensor.state().box(mesh, rank);
                if (replicas[rank] == replica && box.numElements() > 0) {
                    boxes.get(rank).put(tensor, box);
                    load[rank] += box.numElements();
                }
            }
        }
        return new ShardOwners(mesh, tensors, boxes);
    }

    /** For each rank, which of the copies of its shard it holds. */
    private static int[] replicas(Mesh mesh, PlannedState state) {
        Set<String> used = Set.copyOf(state.spec().usedAxes());
        List<String> free =
                mesh.axisNames().stream().filter(axis -> !used.contains(axis)).toList();
        int[] replicas = new int[mesh.numRanks()];
        for (int rank = 0; rank < replicas.length; rank++) {
            replicas[rank] = mesh.indexAlong(rank, free);
        }
        return replicas;
    }

    private static int leastLoaded(int[] replicas, long[] load) {
        long[] sums = new long[replicas.length];
        int numReplicas = 0;
        for (int rank = 0; rank < replicas.length; rank++) {
            sums[replicas[rank]] += load[rank];
            numReplicas = Math.max(numReplicas, replicas[rank] + 1);
        }
        int best = 0;
        for (int replica = 1; replica < numReplicas; replica++) {
            best = sums[replica] < sums[best] ? replica : best;
        }
        return best;
    }

    /** All tensors of a checkpoint. */
    List<SavedTensor> tensors() {
        return Collections.unmodifiableList(tensors);
    }

    /** What a rank writes: boxes of tensors' logical shapes, none of them empty. */
    Map<SavedTensor, TensorSlice> of(int rank) {
        return Collections.unmodifiableMap(boxes.get(rank));
    }

    int numRanks() {
        return boxes.size();
    }

    /** The most bytes that a rank has to copy out: the shards whose boxes it writes, each at an alignment. */
    public long copyBytes() {
        long most = 0;
        for (Map<SavedTensor, TensorSlice> own : boxes) {
            most = Math.max(most, RankCopies.bytes(mesh, own.keySet()));
        }
        return most;
    }
}
