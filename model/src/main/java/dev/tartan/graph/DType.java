package dev.tartan.graph;

/** Element types: of tensors, of what collectives move and reduce, and of arithmetic as the planner counts it. */
public enum DType {
    FLOAT32(4),
    FLOAT64(8),
    /** Upper half of a FLOAT32: its range, 8 bits of precision. Computed with in float32, rounded when stored. */
    BFLOAT16(2),
    /** IEEE 754 binary16: 11 bits of precision, up to 65504. Computed with in float32, rounded when stored. */
    FLOAT16(2),
    INT32(4),
    /** Bytes 0 and 1; moved, never reduced. */
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
        return this != INT32 && this != BOOL;
    }

    /** Whether this is a floating-point type of 16 bits, which is stored and sent only. */
    public boolean isHalf() {
        return this == BFLOAT16 || this == FLOAT16;
    }

    /** The type of sums and statistics of values of this type: FLOAT32 for those of 16 bits, else the type itself. */
    public DType accumulated() {
        return isHalf() ? FLOAT32 : this;
    }
}
