package dev.tartan.architecture.broken.graph;

import dev.tartan.architecture.broken.mesh.LooksUp;

/** Closes a circle with {@link LooksUp}. */
public class LooksDown {
    final int depth = LooksUp.DEPTH;
}
