package dev.tartan.train.checkpoint;

import dev.tartan.checkpoint.sharded.ShardFile;
import org.jspecify.annotations.Nullable;

/**
 * What one rank says of its part of a checkpoint, to whoever commits it. Plain data.
 *
 * @param step number of updates that the checkpoint has seen
 * @param attempt which of the run's attempts wrote it
 * @param file its file; null if that could not be written
 * @param failure why it could not be written; null if it was
 * @param progress how far the run has come; of rank 0 only
 * @param stallMillis how long training waited for this rank's part
 * @param writeMillis how long it took to write the file
 */
public record RankPart(
        long step,
        String attempt,
        int rank,
        @Nullable ShardFile file,
        @Nullable String failure,
        @Nullable RunProgress progress,
        double stallMillis,
        double writeMillis) {}
