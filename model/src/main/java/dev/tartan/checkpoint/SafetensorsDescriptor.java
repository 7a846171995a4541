package dev.tartan.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Layout of a safetensors file, all numbers little-endian (format: huggingface/safetensors, README):
 *
 * <pre>
 *   0               8                        8 + headerBytes                    end of file
 *   +---------------+------------------------+----------------------------------+
 *   | headerBytes   | header: JSON, padded   | data: tensors, row-major, back   |
 *   | (uint64)      | with spaces            | to back, without holes           |
 *   +---------------+------------------------+----------------------------------+
 *
 *   header: {"NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ...}
 *           offsets count from the start of the data section
 * </pre>
 */
public final class SafetensorsDescriptor {
    /** Where the header starts, which is also the size of the length field before it. */
    public static final int HEADER_OFFSET = Long.BYTES;

    /** The smallest header, an empty JSON object. */
    public static final int MIN_HEADER_BYTES = 2;

    /** The largest header any reader accepts, as in the format's reference implementation. */
    public static final int MAX_HEADER_BYTES = 100_000_000;

    /** The data section starts at a multiple of this. */
    public static final int DATA_ALIGNMENT = 8;

    static final ByteOrder BYTE_ORDER = ByteOrder.LITTLE_ENDIAN;
    static final String METADATA_KEY = "__metadata__";
    static final String DTYPE_KEY = "dtype";
    static final String SHAPE_KEY = "shape";
    static final String OFFSETS_KEY = "data_offsets";

    private SafetensorsDescriptor() {}

    /** Where the data section starts in a file whose header has {@code headerBytes} bytes. */
    public static long dataOffset(long headerBytes) {
        return HEADER_OFFSET + headerBytes;
    }

    /** The size of a header of {@code jsonBytes} bytes once padded. */
    static int paddedHeaderBytes(int jsonBytes) {
        return (jsonBytes + DATA_ALIGNMENT - 1) / DATA_ALIGNMENT * DATA_ALIGNMENT;
    }

    static ByteBuffer allocate(int bytes) {
        return ByteBuffer.allocate(bytes).order(BYTE_ORDER);
    }
}
