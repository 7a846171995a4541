package dev.tartan.backend.cuda;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.MemorySpace;
import dev.tartan.backend.Places;
import dev.tartan.graph.TensorType;

/** One allocation, of a GPU's memory or of pinned memory of the host. Thread-safe. */
final class CudaArena implements Arena {
    private final CudaDevice device;
    private final MemorySpace space;
    private final long bytes;
    private final long start;

    CudaArena(CudaDevice device, MemorySpace space, long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("arena size is negative: bytes=" + bytes + ". Give 0 or more.");
        }
        this.device = device;
        this.space = space;
        this.bytes = Arena.aligned(bytes);
        // CUDA allocates nothing of size 0, and empty buffers need an address too.
        long allocated = Math.max(ALIGNMENT_BYTES, this.bytes);
        this.start = space == MemorySpace.DEVICE
                ? device.driver().allocate(allocated)
                : device.driver().allocateHost(allocated);
    }

    CudaDevice device() {
        return device;
    }

    MemorySpace space() {
        return space;
    }

    long address(long offsetBytes) {
        return start + offsetBytes;
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public Buffer buffer(TensorType type, long offsetBytes) {
        Places.requireInArena(type, offsetBytes, bytes);
        return new CudaBuffer(this, type, offsetBytes);
    }

    @Override
    public void close() {
        if (space == MemorySpace.DEVICE) {
            device.driver().free(start);
        } else {
            device.driver().freeHost(start);
        }
    }

    /** For example {@code CudaArena[4096 bytes of DEVICE]}. */
    @Override
    public String toString() {
        return "CudaArena[" + bytes + " bytes of " + space + "]";
    }
}
