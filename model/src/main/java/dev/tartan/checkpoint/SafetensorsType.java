package dev.tartan.checkpoint;

import dev.tartan.graph.DType;
import org.jspecify.annotations.Nullable;

/** Element types a safetensors file can name, and the Tartan type each is read as. */
public enum SafetensorsType {
    BOOL(1, null),
    U8(1, null),
    I8(1, null),
    F8_E5M2(1, null),
    F8_E4M3(1, null),
    I16(2, null),
    U16(2, null),
    F16(2, DType.FLOAT32),
    BF16(2, DType.FLOAT32),
    I32(4, DType.INT32),
    U32(4, null),
    F32(4, DType.FLOAT32),
    F64(8, DType.FLOAT64),
    I64(8, DType.INT32),
    U64(8, null);

    private final int bytes;
    private final @Nullable DType readAs;

    SafetensorsType(int bytes, @Nullable DType readAs) {
        this.bytes = bytes;
        this.readAs = readAs;
    }

    /** Size of one element in bytes. */
    public int bytes() {
        return bytes;
    }

    /** The type elements have once read, null for types that Tartan does not read. */
    public @Nullable DType readAs() {
        return readAs;
    }

    /**
     * The type that holds {@code dtype} exactly.
     *
     * @throws IllegalArgumentException for {@link DType#BOOL}, which is never stored
     */
    public static SafetensorsType of(DType dtype) {
        return switch (dtype) {
            case FLOAT32 -> F32;
            case FLOAT64 -> F64;
            case BFLOAT16 -> BF16;
            case FLOAT16 -> F16;
            case INT32 -> I32;
            case BOOL ->
                throw new IllegalArgumentException(
                        "element type cannot be stored: dtype=BOOL. Cast the tensor to int32 first.");
        };
    }
}
