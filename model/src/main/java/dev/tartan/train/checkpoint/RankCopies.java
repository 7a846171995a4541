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

/**
 * A rank's shards as they were at one time, in memory of the host, where they can be written from while it trains. They
 * are copied by another thread than the rank's, which must wait before it writes over one that is not copied yet.
 */
final class RankCopies implements AutoCloseable {
    private final Arena arena;
    private final Map<SavedTensor, Buffer> copies = new LinkedHashMap<>();

    /** How many are copied, of what is copied now. */
    private volatile int copied;

    /** @param tensors in the order in which they are to be copied */
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
        this.copied = copies.size();
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

    /** From now on, who waits for a copy waits for what {@link #take} is to do. */
    void begin() {
        copied = 0;
    }

    /** Makes the copies what the shards are; if that fails, nobody needs to wait for it either. */
    void take(Function<SavedTensor, Buffer> shards) {
        try {
            int count = 0;
            for (Map.Entry<SavedTensor, Buffer> copy : copies.entrySet()) {
                copy.getValue().copyFrom(shards.apply(copy.getKey()));
                tell(++count);
            }
        } finally {
            tell(copies.size());
        }
    }

    private synchronized void tell(int count) {
        copied = count;
        notifyAll();
    }

    /** Waits until all are copied. */
    void await() {
        await(copies.size());
    }

    /** Waits until the first so many are copied, also if interrupted: copying takes no longer than memory does. */
    void await(int count) {
        if (copied >= count) {
            return;
        }
        boolean interrupted = false;
        synchronized (this) {
            while (copied < count) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
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
