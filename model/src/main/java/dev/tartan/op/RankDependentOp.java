package dev.tartan.op;

import dev.tartan.graph.Op;
import dev.tartan.mesh.Mesh;

/** A localized op with positions that depend on the rank, to be fixed when a rank binds its program. */
public interface RankDependentOp extends Op {
    /** This op with every symbolic offset replaced by the number it has on {@code rank}. */
    Op atRank(Mesh mesh, int rank);
}
