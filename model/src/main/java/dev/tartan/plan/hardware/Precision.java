package dev.tartan.plan.hardware;

/** The element type that matrix products and activations are computed in. */
public enum Precision {
    FLOAT32(4),
    BFLOAT16(2);

    private final int bytes;

    Precision(int bytes) {
        this.bytes = bytes;
    }

    /** Size of one element in bytes. */
    public int bytes() {
        return bytes;
    }
}
