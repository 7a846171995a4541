package dev.tartan.collective.transport;

/**
 * An ordered, two-way connection to one peer, for the rank's own thread. The n-th message sent to a peer within a call
 * fills the n-th memory posted there, and has to have its length.
 *
 * <p>{@link #send} and {@link #receive} only queue, up to {@link #QUEUE} of each; bytes move as far as they can during
 * {@link Transport#awaitEvent}, straight from and to the memory named, which must stay as it is until the counts say
 * so. A message may also be {@linkplain #receiveCombined combined} as it arrives: each kind of link knows a place where
 * the bytes are still in a cache. Addresses and lengths are plain numbers, since slicing a region for each segment
 * would allocate.
 */
public interface Link {
    /** Most messages that may be queued in each direction; a power of two. */
    int QUEUE = 16;

    /** Whether another message may be queued. */
    boolean canSend();

    /** Queues {@code bytes} bytes at an address to be sent; 0 bytes are a message too. */
    void send(long address, long bytes);

    /** Whether more memory may be posted. */
    boolean canReceive();

    /** Posts {@code bytes} bytes at an address for the next message. */
    void receive(long address, long bytes);

    /**
     * Posts memory for the next message, whose values are combined with the {@code bytes} bytes at {@code with}, as the
     * call says, and written to {@code to}, which may be {@code with}.
     */
    void receiveCombined(long with, long to, long bytes);

    /** Messages of this call whose memory may be reused. */
    long sent();

    /** Messages of this call that have arrived whole. */
    long received();
}
