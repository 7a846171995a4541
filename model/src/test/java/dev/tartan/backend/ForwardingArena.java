package dev.tartan.backend;

import dev.tartan.graph.TensorType;

/** An arena that does what another does, to be overridden in part. */
public class ForwardingArena implements Arena {
    private final Arena arena;

    public ForwardingArena(Arena arena) {
        this.arena = arena;
    }

    @Override
    public long bytes() {
        return arena.bytes();
    }

    @Override
    public Buffer buffer(TensorType type, long offsetBytes) {
        return arena.buffer(type, offsetBytes);
    }

    @Override
    public void close() {
        arena.close();
    }
}
