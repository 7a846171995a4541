package dev.tartan.train.config;

import java.nio.file.Path;

/** What to train on. */
public sealed interface DataConfig {
    /** The file or folder; relative to the working directory unless absolute. */
    Path path();

    /** Bytes of a text file, or of all text files below a folder. */
    record Text(Path path) implements DataConfig {}

    /** A safetensors file of ready batches, batch s for step s. */
    record Batches(Path path) implements DataConfig {}
}
