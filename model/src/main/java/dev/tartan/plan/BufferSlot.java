package dev.tartan.plan;

/** A place in a device's arena. */
public record BufferSlot(long offsetBytes, long bytes) {
    /** One past the last byte. */
    public long endBytes() {
        return offsetBytes + bytes;
    }
}
