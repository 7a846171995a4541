package dev.tartan.spark.cli;

import java.util.function.Consumer;
import picocli.CommandLine.Option;

/** Trains a perceptron of DL4J's by DL4J's own master for Spark, by Tartan's, and by DL4J without Spark, in turns. */
final class BenchDl4j {
    @Option(
            names = "--examples",
            paramLabel = "N",
            defaultValue = "60000",
            description = "Examples of 784 floats and 10 classes; ${DEFAULT-VALUE}.")
    private int examples;

    @Option(names = "--epochs", paramLabel = "N", defaultValue = "5", description = "Fits of each; ${DEFAULT-VALUE}.")
    private int epochs;

    @Option(
            names = "--network",
            paramLabel = "NAME",
            defaultValue = "mlp",
            description = "mlp, lenet (28x28) or lstm (50 features, 40 steps, 128 units); ${DEFAULT-VALUE}.")
    private String network = "mlp";

    @Option(
            names = "--data-set",
            paramLabel = "N",
            defaultValue = "32",
            description = "Examples in a DataSet; ${DEFAULT-VALUE}.")
    private int each;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "32",
            description = "Examples of a step on one worker, or in DL4J's own fit; ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = "--hidden",
            paramLabel = "N",
            split = ",",
            defaultValue = "500,100",
            description = "Widths of the hidden layers; ${DEFAULT-VALUE}.")
    private int[] hidden = {};

    @Option(
            names = "--data",
            paramLabel = "N",
            defaultValue = "2",
            description = "Ranks of the mesh along 'data'; ${DEFAULT-VALUE}.")
    private int data;

    @Option(
            names = "--zero",
            paramLabel = "N",
            defaultValue = "1",
            description = "Stage of ZeRO on the mesh; ${DEFAULT-VALUE}.")
    private int zero = 1;

    @Option(
            names = "--without",
            paramLabel = "NAME",
            split = ",",
            description = "Leaves out some of averaging, mesh, local.")
    private String[] without = {};

    /** Measures; gives each line of JSON to {@code lines} as soon as it is known. */
    void measure(Consumer<String> lines) {
        if (examples < each || epochs < 1 || each < 1 || batch < 1 || data < 1 || hidden.length == 0) {
            throw new IllegalArgumentException("bench cannot be run so: examples=" + examples + ", epochs=" + epochs
                    + ", dataSet=" + each + ", batch=" + batch + ", data=" + data + ", hidden layers=" + hidden.length
                    + ". Give 1 or more of each, and examples for a DataSet.");
        }
        try {
            // Only this bench needs DL4J's modules for Spark.
            new Dl4jContest(examples, epochs, each, batch, ContestNetwork.of(network, hidden), data, zero, without)
                    .measure(lines);
        } catch (NoClassDefFoundError e) {
            throw new IllegalArgumentException(
                    "DL4J's modules for Spark are not on the class path: missing=" + e.getMessage()
                            + ". Run scripts/bench dl4j, or add them to it.",
                    e);
        }
    }
}
