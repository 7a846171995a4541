package dev.tartan.spark.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.backend.Backend;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.plan.hardware.HardwareProfile;
import dev.tartan.train.Backends;
import dev.tartan.train.StepBench;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.planner.Candidate;
import dev.tartan.train.planner.EstimateCandidates;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Times training steps of a GPT on random tokens, by the same way a run takes, without Spark. */
final class BenchStep {
    private static final int WARM_UP_STEPS = 2;

    @Mixin
    private BenchedGpt gpt = new BenchedGpt();

    @Option(names = "--steps", paramLabel = "N", defaultValue = "8", description = "Steps timed, after 2 to warm up.")
    private int steps;

    @Option(names = "--profile", description = "Add the milliseconds of one step by op, largest first.")
    private boolean profile;

    @Mixin
    private HardwareOption hardware = new HardwareOption();

    /** Runs the steps and returns the line of JSON. */
    String measure() throws InterruptedException, JsonProcessingException {
        if (steps < 1) {
            throw new IllegalArgumentException("--steps is out of range: value=" + steps + ". Give 1 or more.");
        }
        TrainingJob job = gpt.job(WARM_UP_STEPS + steps);
        HardwareProfile predictedFor = hardware.profile();
        Backend backend =
                Backends.of(job.device().kind(), job.mesh().data() * job.mesh().model());
        long start = System.nanoTime();
        TrainingPlan plan = job.compile(backend);
        double compileMillis = (System.nanoTime() - start) / 1e6;
        ResidentMemory resident = ResidentMemory.now();
        StepBench.Result result = StepBench.run(plan, job.network(), backend, gpt.batch(plan), WARM_UP_STEPS, steps);
        return report(plan, result, compileMillis, resident.growthBytes(), predictedMillis(job, predictedFor, backend));
    }

    private static double predictedMillis(TrainingJob job, HardwareProfile profile, DeviceTraits traits) {
        return new EstimateCandidates(job, profile, traits)
                        .estimate(Candidate.of(job))
                        .time()
                        .seconds()
                * 1000;
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
        line.put("gpt", gpt.sizes());
        line.put("mesh", gpt.mesh());
        line.put("parameters", plan.numParameters());
        line.put("steps", steps);
        line.put("stepMillis", rounded(median));
        line.put("minStepMillis", rounded(millis[0]));
        line.put("predictedMillis", rounded(predictedMillis));
        line.put("tokensPerSecond", rounded(gpt.tokens() / median * 1000));
        line.put("gflops", rounded(gpt.flops(plan.numParameters()) / median / 1e6));
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

    private static double rounded(double value) {
        return Math.round(value * 10) / 10.0;
    }
}
