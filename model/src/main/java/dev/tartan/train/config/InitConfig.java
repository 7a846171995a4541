package dev.tartan.train.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where initial weights come from.
 *
 * @param from a safetensors file, local or in a store, null for random weights
 */
public record InitConfig(@Nullable Path from) {}
