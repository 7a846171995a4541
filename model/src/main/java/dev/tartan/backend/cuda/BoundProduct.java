package dev.tartan.backend.cuda;

/**
 * Products of matrices at addresses of the device.
 *
 * @param workspace address of {@link MatrixProduct#workspaceBytes} bytes
 */
record BoundProduct(MatrixProduct product, long c, long a, long b, long workspace) implements Step {}
