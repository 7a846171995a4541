package dev.tartan.collective.transport;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What has to happen before a link is open, as far as it has got. For the rank's own thread, except {@link #close}. */
public interface Opening {
    /**
     * Goes on as far as it can without waiting; returns the link once it is open.
     *
     * @throws NotConnectedException if the peer lives and yet could not be connected in time
     * @throws IOException if the peer cannot be reached any more
     * @throws IllegalArgumentException if the link cannot be of the kind that the job asks for
     */
    @Nullable
    MessageLink advance() throws IOException;

    /**
     * Sees to it that the rank's selector wakes when the opening can go on. Returns whether it cannot go on now
     * already.
     */
    boolean prepareSleep() throws IOException;

    /** Gives up, and frees what it holds. Callable from any thread, and more than once; not after it has opened. */
    void close();
}
