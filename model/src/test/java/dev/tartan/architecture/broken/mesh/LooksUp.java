package dev.tartan.architecture.broken.mesh;

import dev.tartan.architecture.broken.graph.LooksDown;
import dev.tartan.architecture.broken.spark.SparkLike;

/** Breaks the rules on purpose: the lowest layer depends on one above it and on a forbidden library. */
public record LooksUp(LooksDown upper, SparkLike library) {
    /** What the upper layer may rightly use. */
    public static final int DEPTH = LooksUp.class.getName().length();
}
