package dev.tartan.backend.cuda;

import java.util.List;

/** An element type as the kernels know it. Those of 16 bits are stored only and computed with in float32. */
enum CudaType {
    FLOAT32("float", 4),
    FLOAT64("double", 8),
    BFLOAT16("bfloat16", 2),
    FLOAT16("float16", 2),
    INT32("int", 4),
    BOOL("bool8", 1);

    /** The types that tensors of numbers are computed in. */
    static final List<CudaType> COMPUTED = List.of(FLOAT32, BFLOAT16);

    /** Bytes of the widest access of a thread. */
    static final int PACK_BYTES = 16;

    private final String label;
    private final int bytes;

    CudaType(String label, int bytes) {
        this.label = label;
        this.bytes = bytes;
    }

    /** The type's name in the sources. */
    String label() {
        return label;
    }

    /** Size of one element. */
    int bytes() {
        return bytes;
    }

    /** Elements that a thread reads or writes at once. */
    int packElements() {
        return PACK_BYTES / bytes;
    }

    /** The name of the unsigned type of {@code bytes}, for kernels that only move elements. */
    static String unsigned(int bytes) {
        return switch (bytes) {
            case 1 -> "unsigned char";
            case 2 -> "unsigned short";
            case 4 -> "unsigned int";
            case 8 -> "unsigned long long";
            case PACK_BYTES -> "uint4";
            default -> throw new IllegalArgumentException("no element has this size: bytes=" + bytes + ".");
        };
    }
}
