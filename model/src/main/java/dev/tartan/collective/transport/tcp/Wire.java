package dev.tartan.collective.transport.tcp;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The bytes of a connection as its two ends mean them, whatever is on the cable. Never blocks; reads and writes as a
 * non-blocking {@link java.nio.channels.SocketChannel} does, except that bytes may wait within the wire: a writer goes
 * on to {@link #flush} while it {@link #hasUnsent}, and a reader does not wait for its selector while it
 * {@link #hasUnread}. Not thread-safe.
 */
interface Wire extends Closeable {
    /** Takes bytes of one part after the other; returns their number, which is 0 if nothing can be taken now. */
    long write(ByteBuffer[] parts) throws IOException;

    /** Takes bytes; returns their number, which is 0 if nothing can be taken now. */
    int write(ByteBuffer part) throws IOException;

    /** Fills one part after the other; returns the number of bytes, 0 if there are none now and -1 at the end. */
    long read(ByteBuffer[] parts) throws IOException;

    /** Fills a part; returns the number of bytes, 0 if there are none now and -1 at the end. */
    int read(ByteBuffer part) throws IOException;

    /** Whether bytes were taken that the socket has not got yet. */
    boolean hasUnsent();

    /** Hands unsent bytes to the socket, as many as it takes. */
    void flush() throws IOException;

    /** Whether a read would give bytes, or fail, without any coming from the socket. */
    boolean hasUnread();

    /** Closes the socket; unsent bytes are lost. */
    @Override
    void close() throws IOException;
}
