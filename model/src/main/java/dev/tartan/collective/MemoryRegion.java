package dev.tartan.collective;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A range of native memory: an address and a length in bytes, of any size. Immutable. A region keeps its {@code owner}
 * reachable, so memory that a garbage-collected object frees lives at least as long as the region; memory freed by hand
 * must outlive every call that names it.
 */
public final class MemoryRegion {
    private static final MemoryRegion EMPTY = new MemoryRegion(0, 0, null);

    private final long address;
    private final long bytes;
    private final @Nullable Object owner;

    private MemoryRegion(long address, long bytes, @Nullable Object owner) {
        this.address = address;
        this.bytes = bytes;
        this.owner = owner;
    }

    /** The region without memory. */
    public static MemoryRegion empty() {
        return EMPTY;
    }

    /** Allocates memory that begins at a cache line; it is freed when the region is no longer reachable. */
    public static MemoryRegion allocate(int bytes) {
        return of(NativeMemory.allocate(bytes));
    }

    /**
     * Names memory that somebody else allocated.
     *
     * @param owner the object whose collection would free the memory, or null if it is freed by hand
     * @throws IllegalArgumentException if the length is negative, or the address is not one
     */
    public static MemoryRegion of(long address, long bytes, @Nullable Object owner) {
        if (bytes < 0 || address < 0 || (address == 0 && bytes > 0)) {
            throw new IllegalArgumentException("memory region is not valid: address=" + address + ", bytes=" + bytes
                    + ". Give the address of allocated native memory and a length of 0 or more.");
        }
        return new MemoryRegion(address, bytes, owner);
    }

    /**
     * Names the bytes of a direct buffer between its position and its limit.
     *
     * @throws IllegalArgumentException if the buffer is on the heap or read-only
     */
    public static MemoryRegion of(ByteBuffer buffer) {
        if (!buffer.isDirect() || buffer.isReadOnly()) {
            throw new IllegalArgumentException("buffer is not direct and writable: direct=" + buffer.isDirect()
                    + ", readOnly=" + buffer.isReadOnly() + ". Use ByteBuffer.allocateDirect.");
        }
        return new MemoryRegion(
                NativeMemory.addressOf(buffer) + buffer.position(), buffer.remaining(), Objects.requireNonNull(buffer));
    }

    /** The address of the first byte. */
    public long address() {
        return address;
    }

    /** The length in bytes. */
    public long bytes() {
        return bytes;
    }

    /**
     * A part of this region.
     *
     * @throws IndexOutOfBoundsException if the part is not inside
     */
    public MemoryRegion slice(long offsetBytes, long sliceBytes) {
        Objects.checkFromIndexSize(offsetBytes, sliceBytes, bytes);
        return new MemoryRegion(address + offsetBytes, sliceBytes, owner);
    }

    /** Whether the two regions share a byte. */
    public boolean overlaps(MemoryRegion other) {
        return address < other.address + other.bytes && other.address < address + bytes;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof MemoryRegion region && address == region.address && bytes == region.bytes;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(address * 31 + bytes);
    }

    /** For example {@code 0x7f12a0000040+4096}. */
    @Override
    public String toString() {
        return "0x" + Long.toHexString(address) + "+" + bytes;
    }
}
