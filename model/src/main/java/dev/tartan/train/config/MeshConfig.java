package dev.tartan.train.config;

/**
 * Sizes of the mesh axes.
 *
 * @param data number of devices, or groups of them along {@code model}, that split the batch
 * @param model number of devices along {@code model}
 */
public record MeshConfig(int data, int model) {}
