package dev.tartan.collective.transport.shm;

import dev.tartan.collective.NativeMemory;

/**
 * One direction of a shared file: a ring of bytes, and how many have been put in and taken out. One side uses the
 * methods of the sender, the other those of the receiver. The ring's length is a power of two.
 */
final class SharedPipe {
    private final long counters;
    private final long ring;
    private final int ringBytes;

    /** This side's own counter, and the other side's as last seen: reading it costs a cache miss. */
    private long own;

    private long seen;

    SharedPipe(long counters, long ring, int ringBytes) {
        this.counters = counters;
        this.ring = ring;
        this.ringBytes = ringBytes;
    }

    /** Sender: bytes that can be put in without waiting. */
    long room() {
        seen = NativeMemory.getVolatile(counters + SharedFileDescriptor.CONSUMED_OFFSET);
        return ringBytes - (own - seen);
    }

    /** Receiver: bytes that can be taken out without waiting. */
    long available() {
        seen = NativeMemory.getVolatile(counters + SharedFileDescriptor.WRITTEN_OFFSET);
        return seen - own;
    }

    /** Either: where this side's next byte is. */
    long address() {
        return ring + (own & (ringBytes - 1));
    }

    /** Either: bytes from there to the end of the ring. */
    long untilEnd() {
        return ringBytes - (own & (ringBytes - 1));
    }

    /** Either: passes so many bytes, which the other side need not know yet. */
    void advance(long bytes) {
        own += bytes;
    }

    /** Sender: lets the receiver see all that was put in; says whether it sleeps. */
    boolean publish() {
        return publish(SharedFileDescriptor.WRITTEN_OFFSET, SharedFileDescriptor.RECEIVER_SLEEPS_OFFSET);
    }

    /** Receiver: gives back the room of all that was taken out; says whether the sender sleeps. */
    boolean giveBack() {
        return publish(SharedFileDescriptor.CONSUMED_OFFSET, SharedFileDescriptor.SENDER_SLEEPS_OFFSET);
    }

    private boolean publish(int counter, int sleeps) {
        // Sequentially consistent, as whether the other side sleeps must be read after it.
        NativeMemory.putVolatile(counters + counter, own);
        return NativeMemory.getVolatile(counters + sleeps) != 0;
    }

    void setReceiverSleeps(boolean sleeps) {
        NativeMemory.putVolatile(counters + SharedFileDescriptor.RECEIVER_SLEEPS_OFFSET, sleeps ? 1 : 0);
    }

    void setSenderSleeps(boolean sleeps) {
        NativeMemory.putVolatile(counters + SharedFileDescriptor.SENDER_SLEEPS_OFFSET, sleeps ? 1 : 0);
    }
}
