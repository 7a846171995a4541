package dev.tartan.backend.cuda;

import dev.tartan.mesh.Shape;
import dev.tartan.op.Activation;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The sizes of a recurrent layer and what its steps need to know; with a mask the struct {@code Recurrence} of
 * {@code recurrent.cu}.
 *
 * @param type of all tensors but the mask
 * @param blocks columns of a unit: 4 with gates, else 1
 * @param gate as {@code activation} in a layer without gates
 */
record RecurrentForm(
        CudaType type,
        long samples,
        long steps,
        long units,
        long blocks,
        boolean reverse,
        Activation activation,
        Activation gate) {
    private static final int BYTES = Long.BYTES + 6 * Integer.BYTES;

    /** Of columns [samples, steps, blocks units]. */
    static RecurrentForm of(DeviceTensor z, long blocks, boolean reverse, Activation activation, Activation gate) {
        Shape shape = z.shape();
        return new RecurrentForm(
                z.type(), shape.dim(0), shape.dim(1), shape.dim(2) / blocks, blocks, reverse, activation, gate);
    }

    /** Whether there is something to do and the kernels' 32 bits are enough. */
    boolean isSupported() {
        return states() > 0 && Math.max(samples, Math.max(steps, blocks * units)) <= Integer.MAX_VALUE;
    }

    /** Columns of a step of a sample. */
    long columns() {
        return blocks * units;
    }

    /** Units of all samples. */
    long states() {
        return samples * units;
    }

    /** {@code products [n, blocks h] = state [n, h] weights}, at each step; float32. */
    MatrixProduct ofState() {
        return new MatrixProduct(type, 1, samples, columns(), units, false, false).withResult(CudaType.FLOAT32);
    }

    /** {@code dy [n, h] = columns [n, blocks h] weights'}, at each step; float32, but for that of {@code y0}. */
    MatrixProduct ofColumns(boolean isFirst) {
        MatrixProduct product = new MatrixProduct(type, 1, samples, units, columns(), false, true);
        return isFirst ? product : product.withResult(CudaType.FLOAT32);
    }

    /** {@code dweights = before' dx}, once for all samples and steps. */
    MatrixProduct ofWeights() {
        return new MatrixProduct(type, 1, units, columns(), samples * steps, true, false);
    }

    /** The struct, with the address of a mask or 0. */
    byte[] toBytes(long mask) {
        return ByteBuffer.allocate(BYTES)
                .order(ByteOrder.nativeOrder())
                .putLong(mask)
                .putInt(Math.toIntExact(samples))
                .putInt(Math.toIntExact(steps))
                .putInt(Math.toIntExact(units))
                .putInt(reverse ? 1 : 0)
                .putInt(activation.ordinal())
                .putInt(gate.ordinal())
                .array();
    }
}
