package dev.tartan.execute;

import dev.tartan.backend.Stream;
import java.util.List;

/**
 * The streams of one communicator's collectives, and how many of their calls the rank has not yet waited for. Those
 * that go through memory of the host have streams of their own for copies there and back, so that the three do not wait
 * for each other.
 */
final class CommunicationStream {
    private final Stream toHost;
    private final Stream calls;
    private final Stream toDevice;
    private final List<Stream> all;
    private long begun;
    private long joined;

    /** Collectives on tensors where these are. */
    CommunicationStream(Stream calls) {
        this.toHost = calls;
        this.calls = calls;
        this.toDevice = calls;
        this.all = List.of(calls);
    }

    /** Collectives that go through memory of the host. */
    CommunicationStream(Stream toHost, Stream calls, Stream toDevice) {
        this.toHost = toHost;
        this.calls = calls;
        this.toDevice = toDevice;
        this.all = List.of(toHost, calls, toDevice);
    }

    /** What copies to memory of the host; every collective begins there. */
    Stream toHost() {
        return toHost;
    }

    /** What the communicator's calls are enqueued on. */
    Stream calls() {
        return calls;
    }

    /** What copies from memory of the host; every collective ends there. */
    Stream toDevice() {
        return toDevice;
    }

    /** Counts the calls of one that is started, and returns the last one's number. */
    long begin(int numCalls) {
        begun += numCalls;
        return begun;
    }

    /** Counts as waited for all calls up to the one of this number. */
    void join(long ordinal) {
        joined = Math.max(joined, ordinal);
    }

    /** Counts a call that failed when it was waited for, unless copies beside it may still be under way. */
    void joinFailed() {
        if (all.size() == 1) {
            joined++;
        }
    }

    /** Whether all that was started has been waited for. */
    boolean isIdle() {
        return joined == begun;
    }

    /**
     * Waits until all that was started has ended.
     *
     * @param cause takes up what failed
     */
    void drain(Throwable cause) {
        // A failure is told once for each call.
        for (; joined < begun; joined++) {
            for (Stream stream : all) {
                try {
                    stream.synchronize();
                } catch (RuntimeException | Error e) {
                    if (e != cause) {
                        cause.addSuppressed(e);
                    }
                }
            }
        }
    }

    /** Frees the streams; all must be done. */
    void close() {
        all.forEach(Stream::close);
    }
}
