package dev.tartan.backend.cuda;

/**
 * A compiled kernel.
 *
 * @param symbol its name in the image
 * @param bytes machine code, or PTX that ends with a zero
 */
record KernelImage(String symbol, byte[] bytes) {}
