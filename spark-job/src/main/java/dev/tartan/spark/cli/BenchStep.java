package dev.tartan.spark.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.backend.Backend;
import dev.tartan.mesh.Shape;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.plan.hardware.HardwareProfile;
import dev.tartan.train.Backends;
import dev.tartan.train.StepBench;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.data.HostBatch;
import dev.tartan.train.data.HostTensor;
import dev.tartan.train.planner.Candidate;
import dev.tartan.train.planner.EstimateCandidates;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Times training steps of a GPT on random tokens, by the same way a run takes, without Spark. */
final class BenchStep {
    private static final int WARM_UP_STEPS = 2;

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

    @Option(names = "--steps", paramLabel = "N", defaultValue = "8", description = "Steps timed, after 2 to warm up.")
    private int steps;

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

    @Option(names = "--profile", description = "Add the milliseconds of one step by op, largest first.")
    private boolean profile;

    @Mixin
    private HardwareOption hardware = new HardwareOption();

    /** Runs the steps and returns the line of JSON. */
    String measure() throws InterruptedException, JsonProcessingException {
        if (gpt.length != 6 || Arrays.stream(gpt).anyMatch(size -> size < 1)) {
            throw new IllegalArgumentException("--gpt has not six sizes: value=" + Arrays.toString(gpt)
                    + ". Give batch, context, hidden, heads, layers and vocabulary.");
        }
        if (!mesh.matches("\\d{1,4}x\\d{1,4}")) {
            throw new IllegalArgumentException(
                    "--mesh is not a mesh: value=" + mesh + ". Write 2x2 for data=2, model=2.");
        }
        if (steps < 1) {
            throw new IllegalArgumentException("--steps is out of range: value=" + steps + ". Give 1 or more.");
        }
        TrainingJob job = TrainingJob.of(config());
        HardwareProfile predictedFor = hardware.profile();
        Backend backend =
                Backends.of(job.device().kind(), job.mesh().data() * job.mesh().model());
        long start = System.nanoTime();
        TrainingPlan plan = job.compile(backend);
        double compileMillis = (System.nanoTime() - start) / 1e6;
        ResidentMemory resident = ResidentMemory.now();
        StepBench.Result result = StepBench.run(plan, job.network(), backend, batch(plan), WARM_UP_STEPS, steps);
        return report(plan, result, compileMillis, resident.growthBytes(), predictedMillis(job, predictedFor, backend));
    }

    private static double predictedMillis(TrainingJob job, HardwareProfile profile, DeviceTraits traits) {
        return new EstimateCandidates(job, profile, traits)
                        .estimate(Candidate.of(job))
                        .time()
                        .seconds()
                * 1000;
    }

    private HostBatch batch(TrainingPlan plan) {
        Shape shape = Shape.shape(gpt[0] / plan.rankSamples().ranks(), gpt[1] + 1L);
        int[] tokens = new Random(1).ints(shape.numElements(), 0, gpt[5]).toArray();
        return new HostBatch(Map.of(HostBatch.TOKENS, HostTensor.ofInts(shape, tokens)));
    }

    private RunConfig config() {
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
                "train.steps=" + (WARM_UP_STEPS + steps),
                "train.globalBatch=" + gpt[0],
                "optimizer.kind=adamw",
                "optimizer.learningRate=1e-4",
                "optimizer.clipGlobalNorm=0"));
        settings.addAll(overrides);
        return RunConfigLoader.load(null, settings);
    }

    private String report(
            TrainingPlan plan, StepBench.Result result, double compileMillis, long growthBytes, double predictedMillis)
            throws JsonProcessingException {
        double[] millis = result.stepMillis().stream()
                .mapToDouble(Double::doubleValue)
                .sorted()
                .toArray();
        double median = millis[millis.length / 2];
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("bench", "step");
        line.put("gpt", gpt);
        line.put("mesh", mesh);
        line.put("parameters", plan.numParameters());
        line.put("steps", steps);
        line.put("stepMillis", rounded(median));
        line.put("minStepMillis", rounded(millis[0]));
        line.put("predictedMillis", rounded(predictedMillis));
        line.put("tokensPerSecond", rounded((double) gpt[0] * gpt[1] / median * 1000));
        line.put("gflops", rounded(flops(plan.numParameters()) / median / 1e6));
        line.put("compileMillis", rounded(compileMillis));
        long plannedBytes = plan.step().memory().arenaBytes();
        line.put("peakBytesPerDevice", plannedBytes);
        if (growthBytes > 0) {
            line.put("residentGrowthBytes", growthBytes);
            double share = (double) growthBytes / plannedBytes / plan.mesh().numRanks();
            line.put("residentGrowthOverPlan", Math.round(share * 1000) / 1000.0);
        }
        if (profile) {
            Map<String, Double> ops = new LinkedHashMap<>();
            result.opNanos().forEach((op, nanos) -> ops.put(op, rounded(nanos / 1e6)));
            line.put("opMillis", ops);
        }
        return new ObjectMapper().writeValueAsString(line);
    }

    /** 6 per token and matrix parameter, and attention: the usual count, as PaLM's appendix B has it. */
    private double flops(long numParameters) {
        double batch = gpt[0];
        double context = gpt[1];
        double hidden = gpt[2];
        double layers = gpt[4];
        return 6 * (numParameters - context * hidden) * batch * context
                + 12 * layers * hidden * context * context * batch;
    }

    private static double rounded(double value) {
        return Math.round(value * 10) / 10.0;
    }
}
