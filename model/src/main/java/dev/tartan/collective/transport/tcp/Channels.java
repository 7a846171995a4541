package dev.tartan.collective.transport.tcp;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** What all sockets of a transport have in common. */
final class Channels {
    private Channels() {}

    /** Makes a socket non-blocking, without delay, with buffers of the size asked for. */
    static void configure(SocketChannel channel, TcpOptions options) throws IOException {
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        if (options.socketBufferBytes() > 0) {
            channel.setOption(StandardSocketOptions.SO_SNDBUF, options.socketBufferBytes());
            channel.setOption(StandardSocketOptions.SO_RCVBUF, options.socketBufferBytes());
        }
    }

    /** What is worth setting once it is known who is at the other end. */
    static void connected(SocketChannel channel) throws IOException {
        InetSocketAddress here = (InetSocketAddress) channel.getLocalAddress();
        InetSocketAddress there = (InetSocketAddress) channel.getRemoteAddress();
        boolean withinMachine =
                there.getAddress().isLoopbackAddress() || there.getAddress().equals(here.getAddress());
        if (withinMachine) {
            CongestionControl.useReno(channel);
        }
    }

    /** Closes what may be closed already, or broken. */
    static void closeQuietly(@Nullable Closeable closeable) {
        if (closeable == null) {
            return;
        }
        try {
            closeable.close();
        } catch (IOException ignored) {
            // It is gone, which was the point.
        }
    }
}
