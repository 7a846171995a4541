package dev.tartan.execute;

/**
 * A time during which one of a device's streams had to do with one instruction.
 *
 * @param stream {@link #COMPUTE}, or the axis of the communicator whose started collectives it runs
 * @param instruction its index in the program; the number of instructions for what follows them all
 * @param label the op, {@code start <op>} for the starting of a collective
 * @param startNanos when it began, in nanoseconds from the beginning of the run
 * @param endNanos when it ended
 */
public record TraceSpan(String stream, int instruction, String label, long startNanos, long endNanos) {
    /** The stream that computes, awaits collectives, and runs those that are not started only. */
    public static final String COMPUTE = "compute";

    /** How long it took. */
    public long nanos() {
        return endNanos - startNanos;
    }

    /** Whether it is of the stream that computes. */
    public boolean isComputing() {
        return stream.equals(COMPUTE);
    }
}
