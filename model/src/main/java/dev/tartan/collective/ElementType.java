package dev.tartan.collective;

/** How the bytes of a region are read when they are reduced. */
public enum ElementType {
    FLOAT32(4),
    FLOAT64(8),
    /**
     * Upper half of a FLOAT32: combined in float32, rounded to nearest, ties to even, when stored. Moved and reduced,
     * never computed with.
     */
    BFLOAT16(2),
    INT32(4),
    /** Opaque bytes: moved, never reduced. */
    BYTE(1);

    private final int bytes;

    ElementType(int bytes) {
        this.bytes = bytes;
    }

    /** Size of one element in bytes. */
    public int bytes() {
        return bytes;
    }
}
