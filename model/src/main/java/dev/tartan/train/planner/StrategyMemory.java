package dev.tartan.train.planner;

import dev.tartan.train.config.PrecisionPolicy;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.planner.ProgramMeasure.Quantity;

/**
 * What a stage of ZeRO and micro-batches make of the bytes that are alive in a step of one micro-batch with everything
 * whole. ZeRO 1 divides optimizer state by the ranks it splits over; ZeRO 2 gradients too, of one micro-batch as they
 * come about, of several only when all are added up; ZeRO 3 parameters too, but for those of the block that runs and of
 * the next. With overlap, ZeRO 1 and 2 keep parameters split too, and whole ones during a step; and so they do where
 * parameters are used in another type than they are kept in, which is then what is whole. Micro-batches keep the
 * gradients of those before. Source: Rajbhandari et al. 2020, "ZeRO", figure 1.
 *
 * @param shards number of ranks over which ZeRO splits
 */
record StrategyMemory(StrategyConfig strategy, PrecisionPolicy precision, int shards, int microBatches) {
    /** Bytes alive at {@code point}, of a program measured by {@code measure}. */
    double bytes(LivePoint point, int samples, boolean optimizer, ProgramMeasure measure) {
        double elsewhere = 1 - 1.0 / shards;
        double unit = measure.largestUnitBytes();
        double parameters = measure.total(Quantity.PARAMETER_BYTES).constant();
        double bytes = point.bytes().at(samples);
        if (strategy.zero() >= 1) {
            bytes -= elsewhere * measure.total(Quantity.STATE_BYTES).constant();
        }
        boolean splitsGradients = strategy.zero() >= 3 || (strategy.zero() == 2 && microBatches == 1);
        if (splitsGradients || (strategy.zero() == 2 && optimizer)) {
            double whole = optimizer ? 0 : Math.min(unit, point.gradientBytes());
            bytes -= elsewhere * (point.gradientBytes() - whole);
        }
        if (strategy.zero() >= 3) {
            double ahead = strategy.overlap() ? Math.min(unit, strategy.prefetchBytes()) : 0;
            double gathered = optimizer ? 0 : strategy.reshardAfterForward() ? unit + ahead : parameters;
            bytes -= castsParameters()
                    ? elsewhere * Math.max(0, point.copyBytes() - gathered * copySize())
                    : elsewhere * (parameters - Math.min(parameters, gathered));
        }
        if (strategy.zero() >= 1 && castsParameters()) {
            bytes -= elsewhere * parameters;
        } else if (strategy.zero() < 3 && strategy.splitsParameters(precision)) {
            // Gathered parameters go as their gradients come, in the last micro-batch; others are held to its end.
            double done = microBatches <= 2 ? Math.min(parameters, point.gradientBytes()) : 0;
            bytes += optimizer ? -elsewhere * parameters : parameters / shards - done;
        }
        if (microBatches > 1 && !optimizer) {
            double sums = parameters * (splitsGradients ? 1.0 / shards : 1);
            // Gradients of the first micro-batch wait as they were computed until others are added.
            bytes += microBatches == 2 && !splitsGradients ? sums * computeSize() : sums;
        }
        return bytes;
    }

    /** Whether what is gathered is not the masters. */
    private boolean castsParameters() {
        return precision.parameters() != precision.master();
    }

    private double reduceSize() {
        return (double) precision.reduce().bytes() / precision.master().bytes();
    }

    private double computeSize() {
        return (double) precision.compute().bytes() / precision.master().bytes();
    }

    private double copySize() {
        return (double) precision.parameters().bytes() / precision.master().bytes();
    }

    /** Bytes of parameters, gradients and optimizer state when the optimizer begins. */
    double keptBytes(ProgramMeasure measure) {
        double parameters = measure.total(Quantity.PARAMETER_BYTES).constant();
        double states = measure.total(Quantity.STATE_BYTES).constant();
        double split = 1.0 / shards;
        return (strategy.zero() >= 1 ? split : 1) * states
                + (strategy.zero() >= 2 ? split : 1) * parameters * reduceSize()
                + (strategy.splitsParameters(precision) ? split : 1) * parameters;
    }
}
