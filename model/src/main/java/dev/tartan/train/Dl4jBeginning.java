package dev.tartan.train;

import dev.tartan.checkpoint.OutputException;
import dev.tartan.dl4j.Dl4jConfig;
import dev.tartan.dl4j.Dl4jModel;
import dev.tartan.dl4j.Dl4jNetwork;
import dev.tartan.dl4j.Dl4jOptimizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Lets a run begin where a model of DL4J's is: with its parameters, and with its updater state if it goes on by that.
 */
final class Dl4jBeginning {
    private Dl4jBeginning() {}

    /** The job with what the model holds, in a file of this process's that is deleted when it ends. */
    static TrainingJob of(Dl4jConfig config, TrainingJob job) {
        Path file = makeFile();
        Dl4jModel model = config.model();
        Dl4jNetwork network = config.create();
        boolean goesOn = job.optimizer() instanceof Dl4jOptimizer;
        model.writeState(network, file, goesOn);
        // The optimizer knows how many updates there were; samples begin anew.
        return goesOn ? job.initialState(new InitialState(file, 0, 0)) : job.initial(file);
    }

    private static Path makeFile() {
        try {
            Path file = Files.createTempFile("tartan-dl4j", ".safetensors");
            file.toFile().deleteOnExit();
            return file;
        } catch (IOException e) {
            throw OutputException.cannotWrite(Path.of(System.getProperty("java.io.tmpdir")), e);
        }
    }
}
