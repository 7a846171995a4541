package dev.tartan.train.checkpoint;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** A rank's shards as they were at one time, in memory of the host, where they can be written from while it trains. */
final class RankCopies implements AutoCloseable {
    private final Arena arena;
    private final Map<SavedTensor, Buffer> copies = new LinkedHashMap<>();

    RankCopies(Mesh mesh, Collection<SavedTensor> tensors, Device device) {
        this.arena = device.allocateHost(bytes(mesh, tensors));
        long offset = 0;
        for (SavedTensor tensor : tensors) {
            TensorType type = type(mesh, tensor);
            copies.put(tensor, arena.buffer(type, offset));
            offset += Arena.aligned(type.bytes());
        }
        // Memory is slow when it is used first, and no step should wait for that.
        try (ShardMemory memory = new ShardMemory(device)) {
            copies.values().forEach(memory::clear);
        }
    }

    private static TensorType type(Mesh mesh, SavedTensor tensor) {
        return new TensorType(SavedTensor.TYPE, tensor.state().shardShape(mesh));
    }

    /** Memory that copies of these take. */
    static long bytes(Mesh mesh, Collection<SavedTensor> tensors) {
        return tensors.stream()
                .mapToLong(tensor -> Arena.aligned(type(mesh, tensor).bytes()))
                .sum();
    }

    /** Makes the copies what the shards are now. */
    void take(Function<SavedTensor, Buffer> shards) {
        copies.forEach((tensor, copy) -> copy.copyFrom(shards.apply(tensor)));
    }

    Buffer of(SavedTensor tensor) {
        Buffer copy = copies.get(tensor);
        if (copy == null) {
            throw new IllegalStateException("tensor was not copied: tensor=" + tensor.name());
        }
        return copy;
    }

    @Override
    public void close() {
        arena.close();
    }
}
