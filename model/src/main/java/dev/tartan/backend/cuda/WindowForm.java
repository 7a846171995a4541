package dev.tartan.backend.cuda;

import dev.tartan.mesh.Shape;
import dev.tartan.op.Window;
import dev.tartan.op.Window2d;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * How a window slides over images of some size; the struct {@code Window2d} of {@code window.cuh}.
 *
 * @param height of the images
 * @param width of the images
 */
record WindowForm(Window2d window, long height, long width) {
    private static final int BYTES = 12 * Integer.BYTES;

    /** Over images [n, channels, height, width]. */
    static WindowForm of(Window2d window, DeviceTensor images) {
        Shape shape = images.shape();
        return new WindowForm(window, shape.dim(2), shape.dim(3));
    }

    /** Elements of the window. */
    long taps() {
        return window.numElements();
    }

    /** Positions of the window on an image. */
    long positions() {
        return window.height().positions(height) * window.width().positions(width);
    }

    /** Elements of a channel of an image. */
    long pixels() {
        return height * width;
    }

    /** Whether the kernels' 32 bits are enough for places within a channel. */
    boolean isSmall() {
        return pixels() <= Integer.MAX_VALUE && isSmall(window.height(), height) && isSmall(window.width(), width);
    }

    private static boolean isSmall(Window along, long elements) {
        return elements + along.low() + along.high() + along.reach() <= Integer.MAX_VALUE;
    }

    /** The struct. */
    byte[] toBytes() {
        ByteBuffer bytes = ByteBuffer.allocate(BYTES).order(ByteOrder.nativeOrder());
        put(bytes, window.height(), height);
        put(bytes, window.width(), width);
        return bytes.array();
    }

    private static void put(ByteBuffer bytes, Window along, long elements) {
        bytes.putInt(along.size())
                .putInt(along.stride())
                .putInt(along.dilation())
                .putInt(along.low())
                .putInt(Math.toIntExact(elements))
                .putInt(Math.toIntExact(along.positions(elements)));
    }
}
