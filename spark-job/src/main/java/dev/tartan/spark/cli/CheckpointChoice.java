package dev.tartan.spark.cli;

import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.path.UriPath;
import dev.tartan.path.UserHome;
import dev.tartan.train.config.CheckpointConfig;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Parameters;

/** The argument that names a checkpoint, as {@code --resume} of {@link TrainCommand} does. */
final class CheckpointChoice {
    @Parameters(
            paramLabel = "DIR",
            description = "A checkpoint, a folder of several, whose newest is meant, or the output folder of a run;"
                    + " local or a URI.")
    private String dir = "";

    /** Whether it is a checkpoint itself, not a folder of some. */
    boolean isCheckpoint() {
        return CheckpointFolder.isCheckpoint(path(dir));
    }

    /** The folder of checkpoints, where it is no checkpoint itself. */
    CheckpointFolder folder() {
        Path given = path(dir);
        Path inside = given.resolve(CheckpointConfig.FOLDER);
        return new CheckpointFolder(Files.isDirectory(inside) ? inside : given);
    }

    /**
     * Opens the one that is meant.
     *
     * @param out is told why a newer one was passed over
     * @throws InvalidCheckpointException if there is none
     */
    ShardedCheckpoint open(PrintStream out) {
        if (isCheckpoint()) {
            return ShardedCheckpoint.open(path(dir));
        }
        List<String> problems = new ArrayList<>();
        ShardedCheckpoint newest = folder().latest(false, problems::add);
        if (newest == null) {
            throw none(problems);
        }
        problems.forEach(problem -> out.println("note: passed over: " + problem));
        return newest;
    }

    InvalidCheckpointException none(List<String> problems) {
        return new InvalidCheckpointException("there is no checkpoint: path=" + folder().path()
                + (problems.isEmpty() ? "" : ", passedOver=" + problems)
                + ". Give a checkpoint, a folder of several, or the output folder of a run.");
    }

    /** The path that text names, absolute. */
    static Path path(String text) {
        return UriPath.of(UserHome.expand(text)).toAbsolutePath();
    }
}
