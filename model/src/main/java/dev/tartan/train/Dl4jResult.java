package dev.tartan.train;

import dev.tartan.checkpoint.OutputException;
import dev.tartan.dl4j.Dl4jConfig;
import dev.tartan.dl4j.Dl4jModel;
import dev.tartan.dl4j.Dl4jNetwork;
import dev.tartan.dl4j.Dl4jOptimizer;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.metrics.WholeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The model of DL4J's that a run of one leaves in its output folder, as {@code ModelSerializer} writes it: the
 * parameters that {@code final.safetensors} has and, of a run by the model's own updaters, their state, with the counts
 * of iterations and epochs. Made before the run begins, which may move the zip that it is of. Not thread-safe.
 */
public final class Dl4jResult implements AutoCloseable {
    /** Its name in the output folder. */
    public static final String MODEL_FILE = "model.zip";

    private final Dl4jModel model;
    private final Dl4jNetwork network;
    private final boolean byItsUpdaters;
    private final Path folder;

    private Dl4jResult(Dl4jConfig config, boolean byItsUpdaters) {
        this.model = config.model();
        this.network = config.create();
        this.byItsUpdaters = byItsUpdaters;
        try {
            this.folder = Files.createTempDirectory("tartan-dl4j");
        } catch (IOException e) {
            throw OutputException.cannotWrite(Path.of(System.getProperty("java.io.tmpdir")), e);
        }
    }

    /** What a run will leave; null if its network is not one of DL4J's. */
    public static @Nullable Dl4jResult of(RunConfig run) {
        return run.network() instanceof Dl4jConfig config
                ? new Dl4jResult(config, run.optimizer() instanceof Dl4jOptimizer)
                : null;
    }

    private Path state() {
        return folder.resolve(RunFiles.STAGED_STATE);
    }

    /** The run's job, which is to keep the states that the model is made of. */
    public TrainingJob following(TrainingJob job) {
        return job.finalState(state());
    }

    /**
     * Writes the model, after the run.
     *
     * @param output the run's output folder
     * @param steps that the run made
     * @param epochs that it completed; 0 if its samples have none
     * @return the file
     * @throws OutputException if it cannot be written
     */
    public Path write(Path output, long steps, long epochs) {
        model.readState(network, state(), byItsUpdaters);
        model.setCounts(Math.toIntExact(model.iterationCount() + steps), Math.toIntExact(model.epochCount() + epochs));
        Path file = output.resolve(MODEL_FILE);
        try {
            WholeFile.write(file, out -> model.write(out, byItsUpdaters));
        } catch (IOException e) {
            throw OutputException.cannotWrite(file, e);
        }
        return file;
    }

    /** Removes what the model was made of. */
    @Override
    public void close() {
        try {
            Files.deleteIfExists(state());
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            throw OutputException.cannotWrite(folder, e);
        }
    }
}
