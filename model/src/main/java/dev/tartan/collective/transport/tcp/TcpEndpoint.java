package dev.tartan.collective.transport.tcp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;

/**
 * The one listening socket of a rank. Bound before ranks tell each other their addresses and kept until the transport
 * closes it, so that no other process can take the port in between.
 */
public final class TcpEndpoint implements AutoCloseable {
    private static final int BACKLOG = 1024;

    private final ServerSocketChannel channel;

    private TcpEndpoint(ServerSocketChannel channel) {
        this.channel = channel;
    }

    /**
     * Binds the first free port of a range.
     *
     * @param bindAddress where to listen; the wildcard address for all interfaces
     * @throws IllegalArgumentException if no port of the range is free there
     */
    public static TcpEndpoint bind(InetAddress bindAddress, PortRange ports) {
        for (int port = ports.first(); port <= ports.last(); port++) {
            try {
                ServerSocketChannel channel = ServerSocketChannel.open();
                try {
                    channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
                    channel.bind(new InetSocketAddress(bindAddress, port), BACKLOG);
                    channel.configureBlocking(false);
                    return new TcpEndpoint(channel);
                } catch (BindException e) {
                    channel.close();
                    if (port == ports.last()) {
                        throw new IllegalArgumentException(
                                "collective.portRange has no port to listen on: bindAddress="
                                        + bindAddress.getHostAddress() + ", first=" + ports.first() + ", last="
                                        + ports.last() + ". Widen the range, or check collective.bindAddress.",
                                e);
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        throw new IllegalStateException("port range is empty: " + ports + ". Report this.");
    }

    /** The port others connect to. */
    public int port() {
        return channel.socket().getLocalPort();
    }

    ServerSocketChannel channel() {
        return channel;
    }

    @Override
    public void close() {
        Channels.closeQuietly(channel);
    }
}
