package dev.tartan.backend;

import dev.tartan.graph.TensorType;
import java.util.List;

/**
 * A part of an arena that hands out its memory front to back. Made anew for each kernel, over one region that all
 * kernels of a device may share because they run one after another.
 */
public final class Scratch {
    private final Arena arena;
    private final long startBytes;
    private final long endBytes;
    private long nextBytes;

    /** All of {@code arena} from {@code offsetBytes} on, for {@code bytes}. */
    public Scratch(Arena arena, long offsetBytes, long bytes) {
        this.arena = arena;
        this.startBytes = offsetBytes;
        this.endBytes = offsetBytes + bytes;
        this.nextBytes = offsetBytes;
    }

    /** What {@link #take} needs for these tensors together. */
    public static long bytesFor(List<TensorType> types) {
        return types.stream().mapToLong(type -> Arena.aligned(type.bytes())).sum();
    }

    /**
     * The next buffer.
     *
     * @throws IllegalStateException if fewer bytes are left, that is if a kernel declared too little
     */
    public Buffer take(TensorType type) {
        Buffer buffer = at(nextBytes - startBytes, type);
        nextBytes += Arena.aligned(type.bytes());
        return buffer;
    }

    /**
     * The buffer that begins {@code relativeBytes} into this memory, whether or not it was handed out.
     *
     * @throws IllegalStateException if it does not fit
     */
    public Buffer at(long relativeBytes, TensorType type) {
        if (startBytes + relativeBytes + type.bytes() > endBytes) {
            throw new IllegalStateException("scratch memory is too small: neededBytes=" + (relativeBytes + type.bytes())
                    + ", availableBytes=" + (endBytes - startBytes) + ". The kernel must declare it in scratchBytes.");
        }
        return arena.buffer(type, startBytes + relativeBytes);
    }

    /** The memory from {@code relativeBytes} on, none of it handed out. */
    public Scratch from(long relativeBytes) {
        return new Scratch(arena, startBytes + relativeBytes, endBytes - startBytes - relativeBytes);
    }
}
