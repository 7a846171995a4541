package dev.tartan.collective.transport.tcp;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** The control connection to one process. Runs on the {@link Watcher}'s thread. */
final class ControlLink implements Attended {
    private static final int OUT_BYTES = 4 * ControlDescriptor.MAX_FRAME_BYTES;

    /** What comes over the connection. */
    interface Listener {
        /** A frame, at the buffer's position. */
        void heard(int process, ByteBuffer frame);

        /** The process has said that it leaves. */
        void left(int process);

        /** The process is dead, frozen or cut off. */
        void lost(int process, String what, @Nullable Throwable cause);
    }

    private final SocketChannel channel;
    private final Wire wire;
    private final SelectionKey key;
    private final Listener listener;
    private final int process;
    private final ByteBuffer in = ByteBuffer.allocate(ControlDescriptor.MAX_FRAME_BYTES);
    private final ByteBuffer out = ByteBuffer.allocate(OUT_BYTES);
    private final Queue<byte[]> backlog = new ArrayDeque<>();
    private long lastHeardNanos = System.nanoTime();
    private boolean departed;
    private boolean open = true;

    ControlLink(Connection connection, Selector selector, int process, Listener listener) throws IOException {
        this.channel = connection.channel();
        this.wire = connection.wire();
        this.process = process;
        this.listener = listener;
        this.key = channel.register(selector, SelectionKey.OP_READ, this);
    }

    int process() {
        return process;
    }

    boolean isOpen() {
        return open;
    }

    @Override
    public void ready() {
        try {
            do {
                int read = wire.read(in);
                if (read < 0) {
                    throw new EOFException("connection closed");
                }
                if (read > 0) {
                    lastHeardNanos = System.nanoTime();
                    in.flip();
                    parse();
                    in.compact();
                }
            } while (wire.hasUnread());
            write();
        } catch (IOException e) {
            lose("is gone: " + e.getMessage(), e);
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
                case ControlDescriptor.HEARTBEAT,
                        ControlDescriptor.ANSWER,
                        ControlDescriptor.FORMED,
                        ControlDescriptor.DIAL -> listener.heard(process, in);
                case ControlDescriptor.GOODBYE -> {
                    departed = true;
                    listener.left(process);
                }
                default -> throw new IOException("it sent a frame of unknown type");
            }
            in.position(in.position() + bytes);
        }
    }

    /** Queues a frame, unless the peer has not taken the last ones: then it is late, which its silence will tell. */
    void offer(byte[] frame) {
        if (open && backlog.isEmpty() && out.remaining() >= frame.length) {
            send(frame);
        }
    }

    /** Queues a frame that must not be lost. */
    void send(byte[] frame) {
        if (!open) {
            return;
        }
        backlog.add(frame);
        try {
            write();
        } catch (IOException e) {
            // What the peer said last may still be there to read; the end of the stream comes after it.
            ready();
        }
    }

    private void write() throws IOException {
        if (!open || (!hasUnsent() && key.interestOps() == SelectionKey.OP_READ)) {
            return;
        }
        int written;
        do {
            fill();
            out.flip();
            try {
                written = wire.write(out);
            } finally {
                out.compact();
            }
        } while (written > 0 && !backlog.isEmpty());
        wire.flush();
        key.interestOps(hasUnsent() ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ);
    }

    private void fill() {
        for (byte[] frame = backlog.peek(); frame != null && frame.length <= out.remaining(); frame = backlog.peek()) {
            out.put(backlog.remove());
        }
    }

    /** Does not count a time in which nobody listened as silence of the peer. */
    void forgive(long nanos) {
        lastHeardNanos = Math.min(System.nanoTime(), lastHeardNanos + nanos);
    }

    /** Counts a peer that has said nothing for too long as frozen. */
    void tick(long nowNanos, TcpOptions options) {
        long silentNanos = nowNanos - lastHeardNanos;
        if (open && !departed && silentNanos > options.silenceTimeout().toNanos()) {
            lose(
                    "is frozen or cut off: silentMillis=" + silentNanos / 1_000_000 + ", silenceMillis="
                            + options.silenceTimeout().toMillis(),
                    null);
        }
    }

    boolean hasUnsent() {
        return open && (out.position() > 0 || !backlog.isEmpty() || wire.hasUnsent());
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
        Channels.closeQuietly(wire);
    }

    private void lose(String what, @Nullable Throwable cause) {
        close();
        if (!departed) {
            listener.lost(process, what, cause);
        }
    }
}
