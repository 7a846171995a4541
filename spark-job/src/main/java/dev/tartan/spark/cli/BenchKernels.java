package dev.tartan.spark.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.backend.Backend;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.plan.hardware.HardwareProfile;
import dev.tartan.train.Backends;
import dev.tartan.train.KernelBench;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Times each kernel of a GPT's training step by itself. */
final class BenchKernels {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Mixin
    private BenchedGpt gpt = new BenchedGpt();

    @Option(
            names = "--repeat",
            paramLabel = "N",
            defaultValue = "7",
            description = "Rounds of 2 ms, of which the median counts; ${DEFAULT-VALUE}.")
    private int repeat;

    @Mixin
    private HardwareOption hardware = new HardwareOption();

    /** Measures, and gives a line of JSON for each kernel, those first that a step spends most time in. */
    void measure(Consumer<String> lines) throws InterruptedException {
        if (repeat < 1) {
            throw new IllegalArgumentException("--repeat is out of range: value=" + repeat + ". Give 1 or more.");
        }
        TrainingJob job = gpt.job(1);
        HardwareProfile peak = hardware.profile();
        Backend backend = Backends.of(job.device().kind(), 1);
        TrainingPlan plan = job.compile(backend);
        List<KernelBench.Timed> all = new ArrayList<>();
        KernelBench.run(plan, backend, repeat, all::add);
        all.sort(Comparator.comparing((KernelBench.Timed timed) -> -timed.nanos() * timed.calls()));
        double stepNanos = 0;
        double floorNanos = 0;
        for (KernelBench.Timed timed : all) {
            stepNanos += timed.nanos() * timed.calls();
            floorNanos += floorNanos(timed, peak) * timed.calls();
        }
        for (KernelBench.Timed timed : all) {
            lines.accept(line(timed, floorNanos(timed, peak), stepNanos));
        }
        Map<String, Object> sum = new LinkedHashMap<>();
        sum.put("bench", "kernels");
        sum.put("gpt", gpt.sizes());
        sum.put("mesh", gpt.mesh());
        sum.put("hardware", peak.name());
        sum.put("kernels", all.size());
        sum.put("callsPerStep", all.stream().mapToInt(KernelBench.Timed::calls).sum());
        sum.put("stepMillis", rounded(stepNanos / 1e6));
        sum.put("floorMillis", rounded(floorNanos / 1e6));
        lines.accept(text(sum));
    }

    /** What arithmetic at the peak takes, or memory traffic, whichever is longer. */
    private static double floorNanos(KernelBench.Timed timed, HardwareProfile peak) {
        DType type = timed.results().get(0).dtype() == DType.BFLOAT16
                        && peak.matmulFlops().containsKey(DType.BFLOAT16)
                ? DType.BFLOAT16
                : DType.FLOAT32;
        return 1e9 * Math.max(timed.flops() / peak.matmulFlops(type, 1), timed.bytes() / peak.memoryBandwidth(1));
    }

    private static String line(KernelBench.Timed timed, double floorNanos, double stepNanos) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("op", (timed.op().name() + " " + timed.op().attributes()).strip());
        line.put("operands", types(timed.operands()));
        line.put("results", types(timed.results()));
        line.put("callsPerStep", timed.calls());
        line.put("medianMicros", rounded(timed.nanos() / 1e3));
        line.put("gflops", rounded(timed.flops() / timed.nanos()));
        line.put("gigabytesPerSecond", rounded(timed.bytes() / timed.nanos()));
        line.put("timesFloor", rounded(timed.nanos() / floorNanos));
        line.put("shareOfStep", rounded(timed.nanos() * timed.calls() / stepNanos));
        return text(line);
    }

    private static String types(List<TensorType> types) {
        return types.stream().map(TensorType::toString).collect(Collectors.joining(" "));
    }

    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }

    private static String text(Map<String, Object> line) {
        try {
            return JSON.writeValueAsString(line);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
