package dev.tartan.train.profile;

import dev.tartan.execute.TraceSpan;
import dev.tartan.graph.Op;
import dev.tartan.partition.Await;
import dev.tartan.partition.Collective;
import dev.tartan.partition.Instruction;
import dev.tartan.partition.Program;
import dev.tartan.train.profile.RankTrace.TracedStep;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Where the time of steps went, as means of the traced ones. Plain data.
 *
 * @param firstStep counted from 0
 * @param steps how many were traced
 * @param ranks each rank's times, in order
 * @param ops what rank 0's device computed, longest first
 */
public record StepProfile(long firstStep, int steps, List<RankTimes> ranks, List<OpTime> ops) {
    public StepProfile {
        ranks = List.copyOf(ranks);
        ops = List.copyOf(ops);
    }

    /**
     * What one rank did in a step.
     *
     * @param millis from the wait for samples to the end of the last collective
     * @param dataMillis waiting for samples and copying them in
     * @param phaseMillis computing, by phase of the step: forward, backward, update
     * @param exposedMillis starting, running and awaiting collectives while the device computes nothing
     * @param hiddenMillis collectives that ran beside computing
     */
    public record RankTimes(
            int rank,
            double millis,
            double dataMillis,
            Map<String, Double> phaseMillis,
            double exposedMillis,
            double hiddenMillis) {
        public RankTimes {
            phaseMillis = new LinkedHashMap<>(phaseMillis);
        }
    }

    /**
     * One kind of op in one phase.
     *
     * @param calls in a step
     * @param millis of all calls
     * @param flops of all calls, of this rank
     */
    public record OpTime(String op, String phase, long calls, double millis, long flops) {}

    /**
     * Sums up.
     *
     * @param program what was run
     * @param traces of all ranks, of the same steps
     */
    public static StepProfile of(Program program, List<RankTrace> traces) {
        List<TracedStep> steps = traces.get(0).steps();
        return new StepProfile(
                steps.get(0).step(),
                steps.size(),
                traces.stream().map(trace -> times(program, trace)).toList(),
                ops(program, steps));
    }

    /** The phase of an instruction for people; what follows all instructions belongs to the update. */
    static String phase(Program program, int instruction) {
        return instruction >= program.instructions().size()
                ? "update"
                : program.instructions()
                        .get(instruction)
                        .origin()
                        .phase()
                        .name()
                        .toLowerCase(Locale.ROOT);
    }

    /** Whether an instruction is a collective, or waits for some. */
    static boolean communicates(Program program, int instruction) {
        if (instruction >= program.instructions().size()) {
            return false;
        }
        Op op = program.instructions().get(instruction).op();
        return op instanceof Collective || op instanceof Await;
    }

    private static boolean isExposed(Program program, TraceSpan span) {
        return span.isComputing()
                && (communicates(program, span.instruction()) || span.label().equals("await"));
    }

    private static RankTimes times(Program program, RankTrace trace) {
        double perMilli = 1e6 * trace.steps().size();
        long whole = 0;
        long data = 0;
        long exposed = 0;
        long beside = 0;
        Map<String, Double> phases = new LinkedHashMap<>();
        for (String phase : List.of("forward", "backward", "update")) {
            phases.put(phase, 0.0);
        }
        for (TracedStep step : trace.steps()) {
            whole += step.nanos();
            data += step.dataNanos() + step.feedNanos();
            beside += hiddenNanos(program, step.run().spans());
            for (TraceSpan span : step.run().spans()) {
                if (isExposed(program, span)) {
                    exposed += span.nanos();
                } else if (span.isComputing()) {
                    phases.merge(phase(program, span.instruction()), span.nanos() / perMilli, Double::sum);
                }
            }
        }
        return new RankTimes(
                trace.rank(), whole / perMilli, data / perMilli, phases, exposed / perMilli, beside / perMilli);
    }

    private static List<OpTime> ops(Program program, List<TracedStep> steps) {
        Map<String, OpTime> times = new LinkedHashMap<>();
        for (TracedStep step : steps) {
            for (TraceSpan span : step.run().spans()) {
                if (!span.isComputing()) {
                    continue;
                }
                String phase = isExposed(program, span) ? "communication" : phase(program, span.instruction());
                String op = opName(program, span);
                long flops = phase.equals("communication") ? 0 : flops(program, span.instruction());
                times.merge(
                        op + '\n' + phase,
                        new OpTime(op, phase, 1, span.nanos() / 1e6, flops),
                        (a, b) -> new OpTime(op, phase, a.calls() + 1, a.millis() + b.millis(), a.flops() + b.flops()));
            }
        }
        List<OpTime> means = new ArrayList<>();
        times.values()
                .forEach(time -> means.add(new OpTime(
                        time.op(),
                        time.phase(),
                        time.calls() / steps.size(),
                        time.millis() / steps.size(),
                        time.flops() / steps.size())));
        means.sort(Comparator.comparingDouble(OpTime::millis).reversed());
        return means;
    }

    private static String opName(Program program, TraceSpan span) {
        return span.instruction() >= program.instructions().size() || isExposed(program, span)
                ? span.label()
                : program.instructions().get(span.instruction()).op().name();
    }

    /** Of one rank. */
    static long flops(Program program, int index) {
        if (index >= program.instructions().size()) {
            return 0;
        }
        Instruction instruction = program.instructions().get(index);
        return instruction.op().flops(program.typesOf(instruction.operands()));
    }

    /** How long collectives of other streams ran while the device computed. */
    private static long hiddenNanos(Program program, List<TraceSpan> spans) {
        List<TraceSpan> exposed =
                spans.stream().filter(span -> isExposed(program, span)).toList();
        long nanos = 0;
        for (TraceSpan collective : spans) {
            if (!collective.isComputing()) {
                nanos += collective.nanos();
                for (TraceSpan other : exposed) {
                    long from = Math.max(collective.startNanos(), other.startNanos());
                    nanos -= Math.max(0, Math.min(collective.endNanos(), other.endNanos()) - from);
                }
            }
        }
        return nanos;
    }
}
