package dev.tartan.train.planner;

import dev.tartan.train.planner.ProgramMeasure.Quantity;
import java.util.List;

/**
 * What one device computes, sends and keeps, for a network of any depth: two shallow networks, measured, on a straight
 * line. A network too shallow for that is measured itself.
 */
final class NetworkMeasure {
    private final ProgramMeasure shallow;
    private final ProgramMeasure deeper;
    /** How many times the difference of the two is added to the first. */
    private final int steps;

    /**
     * Takes two measures whose networks differ by one block.
     *
     * @param steps blocks of the network beyond those of {@code shallow}
     */
    NetworkMeasure(ProgramMeasure shallow, ProgramMeasure deeper, int steps) {
        this.shallow = shallow;
        this.deeper = deeper;
        this.steps = steps;
    }

    /** Takes the measure of the network itself. */
    static NetworkMeasure exact(ProgramMeasure measure) {
        return new NetworkMeasure(measure, measure, 0);
    }

    /** A quantity at so many samples of a micro-batch. */
    double at(Quantity quantity, int samples) {
        return extrapolated(
                shallow.total(quantity).at(samples), deeper.total(quantity).at(samples));
    }

    /** See {@link ProgramMeasure#largestUnitBytes()}. */
    double largestUnitBytes() {
        return deeper.largestUnitBytes();
    }

    /** The largest number of bytes alive at once, with states kept as {@code memory} says. */
    double peakBytes(int samples, StrategyMemory memory) {
        double peak = 0;
        for (ProgramPart part : shallow.live().keySet()) {
            double less = largest(shallow, part, samples, memory);
            double more = largest(deeper, part, samples, memory);
            double perBlock = Math.max(0, more - less);
            if (part.isUpdate()) {
                // Reductions still under way then are joined otherwise in each depth, and do not grow with it.
                perBlock = Math.min(perBlock, memory.keptBytes(deeper) - memory.keptBytes(shallow));
            }
            peak = Math.max(peak, more + Math.max(0, steps - 1) * perBlock);
        }
        return peak + scratchBytes(samples);
    }

    private static double largest(ProgramMeasure measure, ProgramPart part, int samples, StrategyMemory memory) {
        boolean optimizer = part.isUpdate();
        return measure.live().getOrDefault(part, List.of()).stream()
                .mapToDouble(point -> memory.bytes(point, samples, optimizer, measure))
                .max()
                .orElse(0);
    }

    /** The largest scratch of a kernel; it does not grow with depth. */
    private double scratchBytes(int samples) {
        return deeper.total(Quantity.SCRATCH_BYTES).at(samples);
    }

    private double extrapolated(double less, double more) {
        return less + steps * (more - less);
    }
}
