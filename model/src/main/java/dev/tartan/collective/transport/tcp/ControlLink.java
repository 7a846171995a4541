package dev.tartan.collective.transport.tcp;

import dev.tartan.collective.transport.RollCall;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** The control connection to one peer. Runs on the {@link Watcher}'s thread. */
final class ControlLink implements Attended {
    private static final int OUT_BYTES = 4 * ControlDescriptor.MAX_FRAME_BYTES;

    private final SocketChannel channel;
    private final SelectionKey key;
    private final RollCall rollCall;
    private final int peer;
    private final TcpPeer name;
    private final ByteBuffer in = ByteBuffer.allocate(ControlDescriptor.MAX_FRAME_BYTES);
    private final ByteBuffer out = ByteBuffer.allocate(OUT_BYTES);
    private long lastHeardNanos = System.nanoTime();
    private boolean departed;
    private boolean open = true;

    ControlLink(SocketChannel channel, Selector selector, RollCall rollCall, int peer, TcpPeer name)
            throws IOException {
        this.channel = channel;
        this.rollCall = rollCall;
        this.peer = peer;
        this.name = name;
        this.key = channel.register(selector, SelectionKey.OP_READ, this);
    }

    boolean isOpen() {
        return open;
    }

    @Override
    public void ready() {
        try {
            int read = channel.read(in);
            if (read > 0) {
                lastHeardNanos = System.nanoTime();
                in.flip();
                parse();
                in.compact();
            } else if (read < 0) {
                throw new EOFException("connection closed");
            }
            write();
        } catch (IOException e) {
            lose(name.describe() + " is gone: " + e.getMessage(), e);
        }
    }

    private void parse() throws IOException {
        while (in.remaining() >= ControlDescriptor.HEADER_BYTES) {
            int bytes = ControlDescriptor.frameBytes(in);
            if (bytes < 0) {
                throw new IOException("it sent a frame of impossible length");
            }
            if (in.remaining() < bytes) {
                return;
            }
            switch (ControlDescriptor.type(in)) {
                case ControlDescriptor.HEARTBEAT ->
                    rollCall.heard(peer, ControlDescriptor.sequence(in), ControlDescriptor.detail(in));
                case ControlDescriptor.ANSWER ->
                    rollCall.answered(
                            peer,
                            new RollCall.Answer(
                                    ControlDescriptor.sequence(in),
                                    ControlDescriptor.detail(in),
                                    ControlDescriptor.call(in)),
                            ControlDescriptor.reason(in),
                            ControlDescriptor.what(in));
                case ControlDescriptor.GOODBYE -> departed = true;
                default -> throw new IOException("it sent a frame of unknown type");
            }
            in.position(in.position() + bytes);
        }
    }

    /** Queues a frame, unless the peer has not taken the last ones: then it is late, which its silence will tell. */
    void offer(byte[] frame) {
        if (!open) {
            return;
        }
        if (out.remaining() >= frame.length) {
            out.put(frame);
        }
        try {
            write();
        } catch (IOException e) {
            // What the peer said last may still be there to read; the end of the stream comes after it.
            ready();
        }
    }

    private void write() throws IOException {
        if (!open || (out.position() == 0 && key.interestOps() == SelectionKey.OP_READ)) {
            return;
        }
        out.flip();
        try {
            channel.write(out);
        } finally {
            out.compact();
        }
        key.interestOps(out.position() == 0 ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE);
    }

    /** Counts a peer that has said nothing for too long as frozen. */
    void tick(long nowNanos, TcpOptions options) {
        long silentNanos = nowNanos - lastHeardNanos;
        if (open && !departed && silentNanos > options.silenceTimeout().toNanos()) {
            lose(
                    name.describe() + " is frozen or cut off: silentMillis=" + silentNanos / 1_000_000
                            + ", silenceMillis=" + options.silenceTimeout().toMillis(),
                    null);
        }
    }

    boolean hasUnsent() {
        return open && out.position() > 0;
    }

    /** Says that nothing more will be sent. */
    void finish() {
        try {
            channel.shutdownOutput();
        } catch (IOException e) {
            close();
        }
    }

    void close() {
        open = false;
        Channels.closeQuietly(channel);
    }

    private void lose(String what, @Nullable Throwable cause) {
        close();
        if (!departed && !rollCall.hasAnswered(peer)) {
            rollCall.lost(peer, what, cause);
        }
    }
}
