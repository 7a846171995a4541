package dev.tartan.backend.cuda;

import java.nio.ByteBuffer;

/**
 * What the backend needs of one GPU's driver and of the libraries beside it, in numbers: addresses of memory and
 * handles of streams, events, kernels and graphs. Work on a stream is done in its order, later than the call returns
 * unless it says so. Thread-safe, but each stream is used by one thread at a time.
 *
 * <p>A failed call throws {@link IllegalStateException}, which names the call. What fails while it is done is told by a
 * later call, at the latest by the one that waits for it.
 */
interface CudaDriver extends AutoCloseable {
    /**
     * What a GPU is.
     *
     * @param name for people
     * @param capability compute capability, for example 90 for 9.0
     * @param memoryBytes all of its memory
     */
    record Gpu(String name, int capability, long memoryBytes) {}

    Gpu gpu();

    /** Prepares the calling thread. */
    void attachThread();

    /** Memory of the GPU, a multiple of 256. */
    long allocate(long bytes);

    void free(long address);

    /** Memory of the host that the GPU copies from and to by itself; begins at a page. */
    long allocateHost(long bytes);

    void freeHost(long address);

    /** Memory that {@link #allocateHost} gave, as Java sees it, in the machine's byte order. */
    ByteBuffer hostBytes(long address, int bytes);

    /** Copies bytes between any two places of the GPU's memory and the host's that was allocated here. */
    void copy(long to, long from, long bytes, long stream);

    /** Copies what remains in a direct buffer to memory allocated here, and waits for it, but not for streams. */
    void write(long to, ByteBuffer from);

    /** Copies from memory allocated here what a direct buffer has room for, and waits for it, but not for streams. */
    void read(ByteBuffer into, long from);

    /** Makes a stream that waits for no other one. */
    long createStream(boolean goesFirst);

    void synchronizeStream(long stream);

    void destroyStream(long stream);

    long createEvent(boolean timed);

    void record(long event, long stream);

    /** Lets what the stream is given from now on wait for an event as it was recorded last. */
    void await(long event, long stream);

    boolean isDone(long event);

    void synchronizeEvent(long event);

    /** Time between two timed events that have happened. */
    long nanosBetween(long earlier, long later);

    void destroyEvent(long event);

    /** A launch, whose kernel is compiled for this GPU if it was not yet. */
    CudaCall prepare(Launch launch);

    /** Products of matrices, with the way to do them that is found to be best. */
    CudaCall prepare(BoundProduct product);

    /** From now on the calling thread's work on a stream is not done but noted. */
    void beginCapture(long stream);

    /** Ends that. What was noted is a graph, which can be launched any number of times. */
    long endCapture(long stream);

    void launchGraph(long graph, long stream);

    void destroyGraph(long graph);

    /** Says what the launches, products and copies that the stream is given next are for; until said again. */
    void announce(Work work, long stream);

    /** Says what the calling thread itself does next with memory of the host. */
    void announceByHost(Work work);

    /** Frees all; no work may be under way. */
    @Override
    void close();
}
