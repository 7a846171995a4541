package dev.tartan.plan.cost;

import dev.tartan.graph.DType;
import dev.tartan.plan.hardware.HardwareProfile;
import dev.tartan.plan.hardware.Link;
import java.util.List;

/**
 * The predicted time of a training step, as a sum of terms.
 *
 * <ul>
 *   <li>matrix products: flops / (peak * efficiency)
 *   <li>other ops: bytes / (memory bandwidth * efficiency)
 *   <li>collectives over {@code model}: nothing hides them, as the next op needs their result, unless they run in
 *       pieces beside the products
 *   <li>gradients over {@code data}, and between copies of what ZeRO splits: hide behind the last backward pass, but
 *       for the last block
 *   <li>parameters over {@code data}: hide behind the forward pass, for ZeRO 3 behind every pass, but for the first
 *       block
 *   <li>the optimizer's update: bytes / (memory bandwidth * efficiency)
 *   <li>offloaded optimizer state: bytes / (link to the host * efficiency), which nothing hides
 * </ul>
 *
 * <p>A collective over ranks of which l share a node, n nodes, runs in two levels: 1/l of the bytes cross nodes.
 */
public record StepTime(List<Term> terms) {
    public StepTime {
        terms = List.copyOf(terms);
    }

    /** A part of the step's time. */
    public record Term(String name, double seconds) {}

    /** Predicts the time of a step computed in {@code precision}. */
    public static StepTime of(StepWork work, HardwareProfile hardware, DType precision) {
        int devices = work.numDevices();
        int micro = work.microBatches();
        double products = micro
                * work.matmulFlops()
                / (hardware.matmulFlops(precision, devices)
                        * hardware.efficiency().matmul());
        double bandwidth =
                hardware.memoryBandwidth(devices) * hardware.efficiency().memory();
        double otherOps = micro * work.memoryBytes() / bandwidth;
        DataExchanges exchanges = work.exchanges();
        double passes = (products + otherOps) / micro;
        double backward = passes * work.backwardShare();
        int replicas = exchanges.replicas();
        int shards = work.data() / replicas;
        double reduction = phaseSeconds(hardware, shards, work.model(), work.gradientBytes())
                + 2 * phaseSeconds(hardware, replicas, shards * work.model(), work.gradientBytes() / shards);
        double gradients = exchanges.gradientReductions(micro) * reduction;
        double gathers =
                exchanges.parameterGathers(micro) * phaseSeconds(hardware, shards, work.model(), work.parameterBytes());
        double hidesGathers = exchanges.zero() < 3 ? passes - backward : micro * passes;
        // ZeRO 3's gathers leave less of the backward pass for gradients.
        double hidesGradients = exchanges.zero() < 3 ? backward : Math.max(0, micro * backward - gathers / 2);
        int shares = exchanges.zero() == 0 ? 1 : shards;
        double optimizer = work.optimizerBytes() / shares / bandwidth;
        double offload = hardware.sharesHostMemory()
                ? 0
                : work.offloadedBytes()
                        / shares
                        / (hardware.hostBandwidth() * hardware.efficiency().link());
        return new StepTime(List.of(
                new Term("matrix products", products),
                new Term("other ops", otherOps),
                new Term("collectives over model", micro * modelSeconds(work, hardware)),
                new Term("gradients over data", exposed(work, hardware, gradients, hidesGradients)),
                new Term("parameters over data", exposed(work, hardware, gathers, hidesGathers)),
                new Term("optimizer", optimizer),
                new Term("offload", offload)));
    }

    /** Seconds of the whole step. */
    public double seconds() {
        return terms.stream().mapToDouble(Term::seconds).sum();
    }

    /** Seconds of the term called {@code name}. */
    public double seconds(String name) {
        return terms.stream()
                .filter(term -> term.name().equals(name))
                .mapToDouble(Term::seconds)
                .sum();
    }

    private static double modelSeconds(StepWork work, HardwareProfile hardware) {
        if (work.model() == 1) {
            return 0;
        }
        Link link = hardware.intraNode();
        double exposed = work.modelOverlapped() ? 1 - hardware.efficiency().overlap() : 1;
        return work.modelMessages() * 2.0 * (work.model() - 1) * link.latencySeconds()
                + exposed
                        * work.modelWireBytes()
                        / (link.bytesPerSecond() * hardware.efficiency().link());
    }

    /**
     * One reduce-scatter or all-gather of {@code bytes} over {@code ranks} ranks, {@code stride} devices apart: within
     * nodes, then between them.
     */
    private static double phaseSeconds(HardwareProfile hardware, int ranks, int stride, double bytes) {
        if (ranks == 1) {
            return 0;
        }
        int local = Math.max(1, Math.min(ranks, hardware.devicesPerNode() / stride));
        double nodes = Math.ceil((double) ranks / local);
        double efficiency = hardware.efficiency().link();
        double within = hardware.intraNode().seconds(local - 1, bytes * (local - 1) / local / efficiency);
        double between = hardware.interNode().seconds(nodes - 1, bytes / local * (nodes - 1) / nodes / efficiency);
        return within + between;
    }

    private static double exposed(StepWork work, HardwareProfile hardware, double seconds, double hides) {
        if (!work.exchanges().overlapped()) {
            return seconds;
        }
        double hidden = hides * hardware.efficiency().overlap();
        double edge = seconds * Math.min(1, work.largestBlockShare());
        return Math.max(Math.min(edge, seconds), seconds - hidden);
    }
}
