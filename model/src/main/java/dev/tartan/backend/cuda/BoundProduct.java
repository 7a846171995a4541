package dev.tartan.backend.cuda;

/**
 * Products of matrices at addresses of the device.
 *
 * @param workspace address of {@link MatrixProduct#workspaceBytes} bytes
 * @param vector address of what the epilogue reads or writes; 0 if there is none
 */
record BoundProduct(MatrixProduct product, long c, long a, long b, long workspace, long vector) implements Step {
    /** A product without an epilogue. */
    BoundProduct(MatrixProduct product, long c, long a, long b, long workspace) {
        this(product, c, a, b, workspace, 0);
    }
}
