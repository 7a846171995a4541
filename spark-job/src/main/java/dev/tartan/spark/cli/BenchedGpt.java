package dev.tartan.spark.cli;

import dev.tartan.mesh.Shape;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.data.HostBatch;
import dev.tartan.train.data.HostTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import picocli.CommandLine.Option;

/** The options that say which GPT a bench runs, where, and how. */
final class BenchedGpt {
    @Option(
            names = "--gpt",
            paramLabel = "BATCH,CONTEXT,HIDDEN,HEADS,LAYERS,VOCABULARY",
            split = ",",
            hideParamSyntax = true,
            defaultValue = "8,256,512,8,6,8192",
            description = "Sizes; ${DEFAULT-VALUE} if not given.")
    private int[] gpt = {};

    @Option(names = "--mesh", paramLabel = "DATAxMODEL", defaultValue = "1x1", description = "Mesh, such as 2x2.")
    private String mesh = "";

    @Option(
            names = "--device",
            paramLabel = "KIND",
            defaultValue = "auto",
            description = "auto, cpu, nd4j-cuda or cuda.")
    private String device = "";

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "More of the config, such as strategy.zero=3; may be repeated.")
    private List<String> overrides = List.of();

    /**
     * The job, on batches of which there is no file.
     *
     * @throws IllegalArgumentException if the options are wrong
     */
    TrainingJob job(int steps) {
        if (gpt.length != 6 || Arrays.stream(gpt).anyMatch(size -> size < 1)) {
            throw new IllegalArgumentException("--gpt has not six sizes: value=" + Arrays.toString(gpt)
                    + ". Give batch, context, hidden, heads, layers and vocabulary.");
        }
        if (!mesh.matches("\\d{1,4}x\\d{1,4}")) {
            throw new IllegalArgumentException(
                    "--mesh is not a mesh: value=" + mesh + ". Write 2x2 for data=2, model=2.");
        }
        String[] axes = mesh.split("x", -1);
        List<String> settings = new ArrayList<>(List.of(
                "device=" + device,
                "mesh.data=" + axes[0],
                "mesh.model=" + axes[1],
                "network.kind=gpt",
                "network.vocab=" + gpt[5],
                "network.context=" + gpt[1],
                "network.hidden=" + gpt[2],
                "network.layers=" + gpt[4],
                "network.heads=" + gpt[3],
                "data.kind=batches",
                "data.path=none",
                "train.steps=" + steps,
                "train.globalBatch=" + gpt[0],
                "optimizer.kind=adamw",
                "optimizer.learningRate=1e-4",
                "optimizer.clipGlobalNorm=0"));
        settings.addAll(overrides);
        return TrainingJob.of(RunConfigLoader.load(null, settings));
    }

    /** Random tokens for each rank along {@code data}. */
    HostBatch batch(TrainingPlan plan) {
        Shape shape = Shape.shape(gpt[0] / plan.rankSamples().ranks(), gpt[1] + 1L);
        int[] tokens = new Random(1).ints(shape.numElements(), 0, gpt[5]).toArray();
        return new HostBatch(Map.of(HostBatch.TOKENS, HostTensor.ofInts(shape, tokens)));
    }

    /** Batch, context, hidden, heads, layers and vocabulary. */
    List<Integer> sizes() {
        return Arrays.stream(gpt).boxed().toList();
    }

    /** For example {@code 2x2}. */
    String mesh() {
        return mesh;
    }

    /** Of a step. */
    double tokens() {
        return (double) gpt[0] * gpt[1];
    }

    /** 6 per token and matrix parameter, and attention: the usual count, as PaLM's appendix B has it. */
    double flops(long numParameters) {
        double batch = gpt[0];
        double context = gpt[1];
        double hidden = gpt[2];
        double layers = gpt[4];
        return 6 * (numParameters - context * hidden) * batch * context
                + 12 * layers * hidden * context * context * batch;
    }
}
