package dev.tartan.collective.transport.tcp;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** The two ends of a non-blocking connection over loopback. */
record SocketPair(SocketChannel initiator, SocketChannel acceptor) implements AutoCloseable {
    /** Connects with buffers of the system's size. */
    static SocketPair open() throws IOException {
        return open(0);
    }

    /** Connects with small buffers, so that writes and reads are cut. */
    static SocketPair open(int bufferBytes) throws IOException {
        try (ServerSocketChannel server = ServerSocketChannel.open()) {
            SocketChannel initiator = SocketChannel.open();
            if (bufferBytes > 0) {
                server.setOption(StandardSocketOptions.SO_RCVBUF, bufferBytes);
                initiator.setOption(StandardSocketOptions.SO_RCVBUF, bufferBytes);
                initiator.setOption(StandardSocketOptions.SO_SNDBUF, bufferBytes);
            }
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            initiator.connect(server.getLocalAddress());
            SocketChannel acceptor = server.accept();
            if (bufferBytes > 0) {
                acceptor.setOption(StandardSocketOptions.SO_SNDBUF, bufferBytes);
            }
            initiator.setOption(StandardSocketOptions.TCP_NODELAY, true);
            acceptor.setOption(StandardSocketOptions.TCP_NODELAY, true);
            initiator.configureBlocking(false);
            acceptor.configureBlocking(false);
            return new SocketPair(initiator, acceptor);
        }
    }

    /** Puts bytes on the cable from the initiator's end. */
    void send(byte[]... pieces) throws IOException {
        for (byte[] piece : pieces) {
            ByteBuffer left = ByteBuffer.wrap(piece);
            while (left.hasRemaining()) {
                initiator.write(left);
            }
        }
    }

    @Override
    public void close() throws IOException {
        initiator.close();
        acceptor.close();
    }
}
