package dev.tartan.collective.transport;

/** Messages of one direction of a link, from the oldest that is not complete. For the rank's own thread. */
public final class MessageQueue {
    /** Marks memory that is overwritten rather than combined with. */
    private static final long OVERWRITE = 0;

    private static final int MASK = Link.QUEUE - 1;

    private final long[] addresses = new long[Link.QUEUE];
    private final long[] operands = new long[Link.QUEUE];
    private final long[] lengths = new long[Link.QUEUE];
    private long queued;
    private long completed;

    /** Forgets all messages; counts begin again at 0. */
    public void reset() {
        queued = 0;
        completed = 0;
    }

    /** Whether another message may be added. */
    public boolean hasRoom() {
        return queued - completed < Link.QUEUE;
    }

    /** Whether all messages are complete. */
    public boolean isIdle() {
        return queued == completed;
    }

    /** Adds a message that is sent from, or received to, an address. */
    public void add(long address, long bytes) {
        add(address, OVERWRITE, bytes);
    }

    /** Adds a message whose values are combined with those at {@code operand} and written to {@code address}. */
    public void add(long address, long operand, long bytes) {
        int place = (int) queued & MASK;
        addresses[place] = address;
        operands[place] = operand;
        lengths[place] = bytes;
        queued++;
    }

    /** Number of messages completed so far, which is the number of the first one that is not. */
    public long completed() {
        return completed;
    }

    /** Number of messages added so far. */
    public long queued() {
        return queued;
    }

    /** Address of the first message that is not complete. */
    public long address() {
        return addresses[(int) completed & MASK];
    }

    /** Whether its values are combined with others. */
    public boolean combines() {
        return operands[(int) completed & MASK] != OVERWRITE;
    }

    /** Where those others are. */
    public long operand() {
        return operands[(int) completed & MASK];
    }

    /** Its length in bytes. */
    public long bytes() {
        return lengths[(int) completed & MASK];
    }

    /** Counts it as complete. */
    public void complete() {
        completed++;
    }

    /** Counts all messages before {@code number} as complete. */
    public void completeUpTo(long number) {
        completed = number;
    }
}
