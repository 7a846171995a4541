package dev.tartan.spark.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import dev.tartan.partition.Program;
import dev.tartan.plan.CommunicationTraffic;
import dev.tartan.plan.ProgramCost;
import dev.tartan.train.PlannedBytes;
import dev.tartan.train.TrainingPlan;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a training run would take, per step.
 *
 * @param mesh size of every axis
 * @param parameters number of trained values
 * @param bytesPerDevice memory of one device
 * @param collectives per step and device
 * @param flopsPerDevice floating-point operations of one device
 * @param flops of all devices
 * @param notes what the compiler wants the user to know
 * @param program the partitioned training step as text; null if not asked for
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonPropertyOrder({"mesh", "parameters", "bytesPerDevice", "collectives", "flopsPerDevice", "flops", "notes", "program"
})
record PlanReport(
        Map<String, Integer> mesh,
        long parameters,
        PlannedBytes bytesPerDevice,
        List<CommunicationTraffic> collectives,
        long flopsPerDevice,
        long flops,
        List<String> notes,
        @Nullable String program) {

    static PlanReport of(TrainingPlan plan, boolean withProgram) {
        Program program = plan.step().program();
        long flops = ProgramCost.flops(program);
        return new PlanReport(
                plan.mesh().sizesByAxis(),
                plan.numParameters(),
                PlannedBytes.of(plan),
                CommunicationTraffic.of(program),
                flops,
                flops * plan.mesh().numRanks(),
                plan.notes(),
                withProgram ? program.toString() : null);
    }

    void print(PrintStream out) {
        out.printf(Locale.ROOT, "mesh            %s%n", mesh);
        out.printf(Locale.ROOT, "parameters      %,d%n", parameters);
        out.println("per device");
        printBytes(out, "parameters", bytesPerDevice.parameters());
        printBytes(out, "gradients", bytesPerDevice.gradients());
        printBytes(out, "optimizer", bytesPerDevice.optimizerState());
        printBytes(out, "activations", bytesPerDevice.activations());
        printBytes(out, "peak", bytesPerDevice.peak());
        if (bytesPerDevice.host() > 0) {
            printBytes(out, "on the host", bytesPerDevice.host());
        }
        out.println("collectives per step and device");
        for (CommunicationTraffic each : collectives) {
            out.printf(
                    Locale.ROOT,
                    "  %-15s over %-12s %5d times %12s%n",
                    each.op(),
                    each.axis(),
                    each.count(),
                    ByteSize.text(each.bytes()));
        }
        if (collectives.isEmpty()) {
            out.println("  none");
        }
        out.printf(Locale.ROOT, "flops per step  %.3e, of which %.3e per device%n", (double) flops, (double)
                flopsPerDevice);
        notes.forEach(note -> out.println("note: " + note));
        if (program != null) {
            out.print(program);
        }
    }

    private static void printBytes(PrintStream out, String what, long bytes) {
        out.printf(Locale.ROOT, "  %-13s %12s%n", what, ByteSize.text(bytes));
    }
}
