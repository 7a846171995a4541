package dev.tartan.collective.transport.tcp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;

/**
 * The one listening socket of a rank. Bound before ranks tell each other their addresses and kept until the transport
 * closes it, so that no other process can take the port in between.
 */
public final class TcpEndpoint implements AutoCloseable {
    private static final int BACKLOG = 1024;
    private static final long POLL_MILLIS = 100;

    private final ServerSocketChannel channel;

    private TcpEndpoint(ServerSocketChannel channel) {
        this.channel = channel;
    }

    /**
     * Binds the first free port of a range.
     *
     * @param bindAddress where to listen; the wildcard address for all interfaces
     * @throws PortsHeldException if no port of the range is free there
     * @throws IllegalArgumentException if the address is not one of this machine
     */
    public static TcpEndpoint bind(InetAddress bindAddress, PortRange ports) {
        BindException held = null;
        for (int port = ports.first(); port <= ports.last(); port++) {
            try {
                return new TcpEndpoint(open(bindAddress, port));
            } catch (BindException e) {
                checkIsHere(bindAddress);
                held = e;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        throw new PortsHeldException(
                "collective.portRange has no port to listen on: bindAddress=" + bindAddress.getHostAddress()
                        + ", first=" + ports.first() + ", last=" + ports.last()
                        + ". Widen the range, or end who holds its ports.",
                held == null ? new BindException("range is empty") : held);
    }

    /**
     * Binds the first free port of a range, and waits for one as long as given: what holds them may be a process of the
     * same run's last attempt, which is about to end.
     *
     * @throws PortsHeldException if none has become free in time
     * @throws IllegalArgumentException if the address is not one of this machine
     */
    public static TcpEndpoint bind(InetAddress bindAddress, PortRange ports, Duration patience)
            throws InterruptedException {
        long startNanos = System.nanoTime();
        while (true) {
            try {
                return bind(bindAddress, ports);
            } catch (PortsHeldException e) {
                if (System.nanoTime() - startNanos >= patience.toNanos()) {
                    throw e;
                }
                Thread.sleep(POLL_MILLIS);
            }
        }
    }

    private static ServerSocketChannel open(InetAddress bindAddress, int port) throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open();
        try {
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            channel.bind(new InetSocketAddress(bindAddress, port), BACKLOG);
            channel.configureBlocking(false);
            return channel;
        } catch (IOException e) {
            Channels.closeQuietly(channel);
            throw e;
        }
    }

    /** An address of another machine, too, cannot be bound, whatever the port. */
    private static void checkIsHere(InetAddress bindAddress) {
        try {
            open(bindAddress, 0).close();
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "collective.bindAddress cannot be listened on: bindAddress=" + bindAddress.getHostAddress()
                            + ", reason=" + e.getMessage() + ". Give an address of this executor, or 0.0.0.0 for all.",
                    e);
        }
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
