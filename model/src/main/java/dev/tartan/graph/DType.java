package dev.tartan.graph;

/** Element types of tensors. */
public enum DType {
    FLOAT32(4),
    FLOAT64(8),
    INT32(4),
    BOOL(1);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /** Size of one element in bytes. */
    public int bytes() {
        return bytes;
    }

    /** Whether this is a floating-point type. */
    public boolean isFloating() {
        return this == FLOAT32 || this == FLOAT64;
    }
}
