package dev.tartan.spark.cli;

import dev.tartan.train.profile.StepProfile;
import dev.tartan.train.profile.StepProfile.OpTime;
import dev.tartan.train.profile.StepProfile.RankTimes;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Prints where the time of traced steps went. */
final class ProfileReport {
    private static final int MOST_OPS = 12;
    private static final int MOST_RANKS = 16;

    private ProfileReport() {}

    /**
     * Prints a table of ranks and one of ops.
     *
     * @param trace the file with the whole trace; null if there is none
     */
    static void print(PrintStream out, StepProfile profile, @Nullable Path trace) {
        out.printf("milliseconds of a step, mean of steps %d to %d:%n", profile.firstStep() + 1, last(profile));
        printRanks(out, profile.ranks());
        out.println("what rank 0 did, longest first:");
        printOps(out, profile);
        if (trace != null) {
            out.println("the whole trace is " + trace + "; open it in ui.perfetto.dev or chrome://tracing");
        }
    }

    private static long last(StepProfile profile) {
        return profile.firstStep() + profile.steps();
    }

    private static void printRanks(PrintStream out, List<RankTimes> ranks) {
        List<String> phases = new ArrayList<>(ranks.get(0).phaseMillis().keySet());
        List<String> titles = new ArrayList<>(List.of("rank", "step", "samples"));
        titles.addAll(phases);
        titles.addAll(List.of("collectives", "hidden"));
        TextTable table = new TextTable(titles.toArray(new String[0]));
        ranks.stream().limit(MOST_RANKS).forEach(rank -> {
            List<String> cells = new ArrayList<>(
                    List.of(Integer.toString(rank.rank()), millis(rank.millis()), millis(rank.dataMillis())));
            phases.forEach(phase -> cells.add(millis(rank.phaseMillis().getOrDefault(phase, 0.0))));
            cells.add(millis(rank.exposedMillis()));
            cells.add(millis(rank.hiddenMillis()));
            table.row(cells.toArray(new String[0]));
        });
        table.print(out);
        if (ranks.size() > MOST_RANKS) {
            out.println("and " + (ranks.size() - MOST_RANKS) + " ranks more, which are in the trace");
        }
    }

    private static void printOps(PrintStream out, StepProfile profile) {
        double step = profile.ranks().get(0).millis();
        TextTable table = new TextTable("op", "phase", "calls", "time", "share", "GFLOP/s").toTheLeft(0, 1);
        List<OpTime> ops = profile.ops();
        ops.stream()
                .limit(MOST_OPS)
                .forEach(op -> table.row(
                        op.op(),
                        op.phase(),
                        Long.toString(op.calls()),
                        millis(op.millis()),
                        TextTable.format("%.0f %%", 100 * op.millis() / step),
                        op.flops() == 0 || op.millis() == 0
                                ? ""
                                : TextTable.format("%.1f", op.flops() / op.millis() / 1e6)));
        double others = ops.stream().skip(MOST_OPS).mapToDouble(OpTime::millis).sum();
        if (ops.size() > MOST_OPS) {
            table.row(
                    (ops.size() - MOST_OPS) + " others",
                    "",
                    Long.toString(
                            ops.stream().skip(MOST_OPS).mapToLong(OpTime::calls).sum()),
                    millis(others),
                    TextTable.format("%.0f %%", 100 * others / step),
                    "");
        }
        table.print(out);
    }

    private static String millis(double value) {
        return TextTable.format("%.2f", value);
    }
}
