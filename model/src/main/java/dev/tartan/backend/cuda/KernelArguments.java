package dev.tartan.backend.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The values of a kernel's parameters, each as its bytes in the machine's order.
 *
 * @param signature a letter a parameter: P pointer, l and i integers of 8 and 4 bytes, f float, d double, and structs
 *     as their size in braces
 * @param bytes all values, each aligned to 8 bytes
 * @param offsets where in {@code bytes} each value begins
 */
record KernelArguments(String signature, byte[] bytes, List<Integer> offsets) {
    private static final int ALIGNMENT_BYTES = 8;

    KernelArguments {
        offsets = List.copyOf(offsets);
    }

    /** Starts without values. */
    static Builder builder() {
        return new Builder();
    }

    /** Takes the values in the order of the parameters. */
    static final class Builder {
        /** More than any kernel takes: CUDA's limit. */
        private static final int MAX_BYTES = 4096;

        private final ByteBuffer buffer = ByteBuffer.allocate(MAX_BYTES).order(ByteOrder.nativeOrder());
        private final List<Integer> offsets = new ArrayList<>();
        private final StringBuilder signature = new StringBuilder();

        private Builder() {}

        /** An address on the device. */
        Builder pointer(long address) {
            begin("P").putLong(address);
            return this;
        }

        /** The addresses of tensors, a parameter each. */
        Builder pointers(DeviceTensor... tensors) {
            for (DeviceTensor tensor : tensors) {
                pointer(tensor.address());
            }
            return this;
        }

        /** A {@code long long}. */
        Builder int64(long value) {
            begin("l").putLong(value);
            return this;
        }

        /** An {@code int}. */
        Builder int32(int value) {
            begin("i").putInt(value);
            return this;
        }

        /** An {@code int}, 1 or 0. */
        Builder flag(boolean value) {
            return int32(value ? 1 : 0);
        }

        /** A {@code float}. */
        Builder float32(double value) {
            begin("f").putFloat((float) value);
            return this;
        }

        /** A {@code double}. */
        Builder float64(double value) {
            begin("d").putDouble(value);
            return this;
        }

        /** A struct, whose bytes a record of this package makes. */
        Builder struct(byte[] value) {
            begin("{" + value.length + "}").put(value);
            return this;
        }

        KernelArguments build() {
            return new KernelArguments(signature.toString(), Arrays.copyOf(buffer.array(), buffer.position()), offsets);
        }

        private ByteBuffer begin(String letter) {
            int offset = (buffer.position() + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
            offsets.add(offset);
            signature.append(letter);
            return buffer.position(offset);
        }
    }
}
