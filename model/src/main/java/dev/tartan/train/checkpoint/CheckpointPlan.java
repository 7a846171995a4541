package dev.tartan.train.checkpoint;

import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.checkpoint.sharded.ShardFile;
import dev.tartan.mesh.Mesh;
import java.nio.file.Path;

/**
 * Where one attempt at a run writes checkpoints, and who writes what.
 *
 * @param attempt in letters and digits; of no other attempt that writes to this folder, so that none ever touches the
 *     files of another
 */
public record CheckpointPlan(Mesh mesh, ShardOwners owners, CheckpointFolder folder, String attempt) {
    /** The folder of the checkpoint of a step. */
    Path path(long step) {
        return folder.of(step, attempt);
    }

    /** The name of a rank's file. */
    static String file(int rank) {
        return ShardFile.name(rank);
    }
}
