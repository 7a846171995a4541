package dev.tartan.train.config;

/**
 * Sizes of the mesh axes.
 *
 * @param data number of devices along {@code data}
 * @param model number of devices along {@code model}
 */
public record MeshConfig(int data, int model) {}
