package dev.tartan.execute;

import dev.tartan.backend.Stream;

/** The stream of one communicator's started collectives, and how many of them the rank has not yet waited for. */
final class CommunicationStream {
    private final Stream stream;
    private long begun;
    private long joined;

    CommunicationStream(Stream stream) {
        this.stream = stream;
    }

    Stream stream() {
        return stream;
    }

    /** Counts one that was started, and returns its number. */
    long begin() {
        return ++begun;
    }

    /** Counts as waited for what was started up to the one of this number. */
    void join(long ordinal) {
        joined = Math.max(joined, ordinal);
    }

    /** Counts one that failed when it was waited for. */
    void joinOne() {
        joined++;
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
