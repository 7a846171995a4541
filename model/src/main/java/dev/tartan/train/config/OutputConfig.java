package dev.tartan.train.config;

import java.nio.file.Path;

/**
 * Where results go.
 *
 * @param dir the folder, local or in a store, made where missing
 */
public record OutputConfig(Path dir) {}
