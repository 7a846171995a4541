package dev.tartan.spark.ml;

import dev.tartan.checkpoint.OutputException;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.path.UriPath;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.CheckpointConfig;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The checkpoints of a fit: there until it has ended, so that the same fit can go on after it was cut off. */
public final class CheckpointedFit {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointedFit.class);
    private static final int SECONDS = 60;

    private final @Nullable CheckpointFolder folder;
    private final int interval;

    private CheckpointedFit(@Nullable CheckpointFolder folder, int interval) {
        this.folder = folder;
        this.interval = interval;
    }

    static CheckpointedFit of(TrainingParams<?> params) {
        return of(params.getCheckpointPath(), params.getCheckpointInterval());
    }

    /**
     * Checkpoints in a folder.
     *
     * @param path of the folder, local or a URI; empty for no checkpoints
     * @param interval steps between two; 0 for one a minute
     */
    public static CheckpointedFit of(String path, int interval) {
        Path folder = path.isEmpty() ? null : UriPath.of(path).toAbsolutePath();
        return new CheckpointedFit(folder == null ? null : new CheckpointFolder(folder), interval);
    }

    /** The job with checkpoints, going on from the newest. */
    public TrainingJob in(TrainingJob job) {
        if (folder == null) {
            return job;
        }
        CheckpointConfig how =
                interval > 0 ? CheckpointConfig.everySteps(interval) : CheckpointConfig.everySeconds(SECONDS);
        ShardedCheckpoint newest = folder.latest(false, problem -> LOG.warn("checkpoint is passed over: {}", problem));
        TrainingJob saved = job.checkpoint(how.in(folder.path()));
        if (newest == null) {
            return saved;
        }
        LOG.info("fit goes on from its checkpoint: path={}", newest.folder());
        return saved.resumeSame(newest.folder());
    }

    /** Removes them, now that the fit has ended. */
    public void remove() {
        if (folder == null) {
            return;
        }
        try {
            folder.clear();
        } catch (IOException e) {
            throw OutputException.cannotWrite(folder.path(), e);
        }
    }
}
