package dev.tartan.collective.transport.tcp;

import java.nio.channels.SocketChannel;

/**
 * A connection on which both sides have proven themselves.
 *
 * @param channel its socket
 * @param wire its bytes, decrypted if the job encrypts
 */
record Connection(SocketChannel channel, Wire wire) {
    void close() {
        Channels.closeQuietly(wire);
    }
}
