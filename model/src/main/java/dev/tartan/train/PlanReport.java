package dev.tartan.train;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import dev.tartan.plan.CommunicationTraffic;
import dev.tartan.plan.ProgramCost;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a run will take, without running it.
 *
 * @param mesh axis to size
 * @param parameters elements of all parameters
 * @param bytesPerDevice memory of one device
 * @param collectivesPerStep by op and axis, on one rank
 * @param flopsPerStep floating-point operations of all devices in one step
 * @param notes what the compiler wants the user to know
 */
@JsonPropertyOrder({"mesh", "parameters", "bytesPerDevice", "collectivesPerStep", "flopsPerStep", "notes"})
public record PlanReport(
        Map<String, Integer> mesh,
        long parameters,
        DeviceMemory bytesPerDevice,
        List<CommunicationTraffic> collectivesPerStep,
        long flopsPerStep,
        List<String> notes) {
    /**
     * Bytes of one device by use. The parts add up to the peak.
     *
     * @param gradients one for each parameter, all alive at the end of backward because clipping needs their norm
     * @param activations everything else at the peak: activations, temporaries, batch, scratch. It is less than the sum
     *     of all activations, because memory is used again, also that of gradients not yet made
     */
    @JsonPropertyOrder({"parameters", "gradients", "optimizerState", "activations", "peak"})
    public record DeviceMemory(long parameters, long gradients, long optimizerState, long activations, long peak) {}

    /** Describes a compiled run. */
    public static PlanReport of(TrainingPlan plan) {
        Map<String, Integer> sizes = new LinkedHashMap<>();
        for (int i = 0; i < plan.mesh().axisNames().size(); i++) {
            sizes.put(plan.mesh().axisNames().get(i), plan.mesh().axisSizes().get(i));
        }
        long parameters = plan.parameterBytesPerDevice();
        long optimizer = plan.optimizerBytesPerDevice();
        long peak = plan.step().memory().arenaBytes();
        long gradients = Math.min(parameters, peak - parameters - optimizer);
        return new PlanReport(
                sizes,
                plan.numParameters(),
                new DeviceMemory(parameters, gradients, optimizer, peak - parameters - optimizer - gradients, peak),
                CommunicationTraffic.of(plan.step().program()),
                ProgramCost.flops(plan.step().program()) * plan.mesh().numRanks(),
                plan.notes());
    }

    /** The report as a table for people. */
    public String render() {
        StringBuilder text = new StringBuilder();
        text.append("mesh          ");
        mesh.forEach((axis, size) -> text.append(axis).append('=').append(size).append(' '));
        text.append('\n');
        text.append(String.format(Locale.ROOT, "parameters    %,d%n", parameters));
        text.append(String.format(Locale.ROOT, "flops a step  %.3e on all devices%n", (double) flopsPerStep));
        text.append("\nbytes per device\n");
        row(text, "parameters", bytesPerDevice.parameters());
        row(text, "gradients", bytesPerDevice.gradients());
        row(text, "optimizer state", bytesPerDevice.optimizerState());
        row(text, "activations", bytesPerDevice.activations());
        row(text, "peak", bytesPerDevice.peak());
        text.append("\ncollectives per step on each device\n");
        if (collectivesPerStep.isEmpty()) {
            text.append("  none\n");
        } else {
            text.append(String.format(
                    Locale.ROOT, "  %-15s %-12s %7s %16s %16s%n", "op", "axis", "count", "bytes", "sent bytes"));
        }
        for (CommunicationTraffic traffic : collectivesPerStep) {
            text.append(String.format(
                    Locale.ROOT,
                    "  %-15s %-12s %7d %,16d %,16d%n",
                    traffic.op(),
                    traffic.axis(),
                    traffic.count(),
                    traffic.bytes(),
                    traffic.wireBytes()));
        }
        notes.forEach(note -> text.append("note: ").append(note).append('\n'));
        return text.toString();
    }

    private static void row(StringBuilder text, String name, long bytes) {
        text.append(String.format(Locale.ROOT, "  %-16s %,16d  (%.1f MiB)%n", name, bytes, bytes / 1048576.0));
    }
}
