package dev.tartan.collective.algorithm;

import java.time.Duration;

/**
 * What messages cost, after Thakur, Rabenseifner and Gropp, <i>Optimization of Collective Communication Operations in
 * MPICH</i> (2005): a step takes {@code alpha + bytes * beta}, adding up {@code bytes * gamma} more. Has to be equal on
 * all ranks of a group.
 *
 * @param alphaMicros time of an empty message, in microseconds
 * @param betaMicrosPerByte time per byte sent, in microseconds
 * @param gammaMicrosPerByte time per byte combined, in microseconds
 * @param combinesOnTheWay whether a message of any length is combined piece by piece as it comes, as from shared
 *     memory; over sockets it pays to cut it into segments, so that one is combined while others are under way
 * @param crowded whether ranks of a machine outnumber its processors, and so have to take turns
 */
public record CostModel(
        double alphaMicros,
        double betaMicrosPerByte,
        double gammaMicrosPerByte,
        boolean combinesOnTheWay,
        boolean crowded) {

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if one is not positive
     */
    public CostModel {
        if (!(alphaMicros > 0 && betaMicrosPerByte > 0 && gammaMicrosPerByte > 0)) {
            throw new IllegalArgumentException("cost model is not positive: alphaMicros=" + alphaMicros
                    + ", betaMicrosPerByte=" + betaMicrosPerByte + ", gammaMicrosPerByte=" + gammaMicrosPerByte
                    + ". Give times above 0.");
        }
    }

    /** About what TCP over loopback costs: 15 us a message, 2 GB/s a direction, 10 GB/s combined. */
    public static CostModel loopback() {
        return new CostModel(15, 5e-4, 1e-4, false, false);
    }

    /** This model where each message is sent so much later. */
    CostModel withLaterMessages(Duration delay) {
        return new CostModel(
                alphaMicros + delay.toNanos() / 1e3, betaMicrosPerByte, gammaMicrosPerByte, combinesOnTheWay, crowded);
    }

    /** Time of {@code steps} steps that send and combine so many bytes together. */
    double micros(double steps, double sentBytes, double combinedBytes) {
        return steps * alphaMicros + sentBytes * betaMicrosPerByte + combinedBytes * gammaMicrosPerByte;
    }

    /** The number of doublings from 1 to P ranks, rounded up. */
    static int doublings(int numRanks) {
        return Integer.SIZE - Integer.numberOfLeadingZeros(numRanks - 1);
    }
}
