package dev.tartan.collective.transport.tcp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** The bytes of a socket as they are; nothing waits here. */
final class PlainWire implements Wire {
    private final SocketChannel channel;

    PlainWire(SocketChannel channel) {
        this.channel = channel;
    }

    @Override
    public long write(ByteBuffer[] parts) throws IOException {
        return channel.write(parts);
    }

    @Override
    public int write(ByteBuffer part) throws IOException {
        return channel.write(part);
    }

    @Override
    public long read(ByteBuffer[] parts) throws IOException {
        return channel.read(parts);
    }

    @Override
    public int read(ByteBuffer part) throws IOException {
        return channel.read(part);
    }

    @Override
    public boolean hasUnsent() {
        return false;
    }

    @Override
    public void flush() {}

    @Override
    public boolean hasUnread() {
        return false;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
