package dev.tartan.plan.cost;

/**
 * What a step computes, and how fast it could. Plain data.
 *
 * @param flops of a step, by {@link NetworkFlops#ofStep}
 * @param peak floating-point operations per second of all devices together; 0 if that is not known
 */
public record StepFlops(long flops, double peak) {
    public StepFlops {
        if (!(peak >= 0) || Double.isInfinite(peak)) {
            throw new IllegalArgumentException(
                    "peak of the devices is no speed: peak=" + peak + ". Give operations per second, or 0.");
        }
    }

    /** Operations per second of a step that takes so long. */
    public double perSecond(double millis) {
        return flops / millis * 1000;
    }

    /** Model FLOPs utilization, MFU, of a step that takes so long: its share of the peak; NaN if that is not known. */
    public double utilization(double millis) {
        return peak == 0 ? Double.NaN : perSecond(millis) / peak;
    }
}
