package dev.tartan.collective.transport.tcp;

import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.reduce.Combiner;
import dev.tartan.collective.transport.FrameDescriptor;
import dev.tartan.collective.transport.MessageLink;
import dev.tartan.collective.transport.MessageQueue;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;

/**
 * The data connection to one peer. Header and payload go by one gathering write and come by one scattering read, the
 * payload straight from and to the memory of the call: since messages are expected in order and in length, nothing has
 * to be read ahead. A payload that is combined is read to a staging buffer, which all links of the rank share; a part
 * of an element, at the end of what has come, waits in the link.
 */
final class TcpLink extends MessageLink {
    /** A buffer ends at 2 GiB; a longer message is moved in pieces of this many bytes. */
    private static final int PIECE_BYTES = 1 << 30;

    /** Whole elements of any type. */
    private static final int ELEMENT_MASK = Long.BYTES - 1;

    private final Connection connection;
    private final Wire wire;
    private final SelectionKey key;
    private final Direction out = new Direction();
    private final Direction in = new Direction();
    private final Combiner combiner;
    /** Bytes in the staging buffer; between reads less than an element, whose bytes are kept here. */
    private int staged;

    private long partOfElement;
    private boolean moved;

    TcpLink(int peer, Connection connection, Selector selector, Combiner combiner) throws IOException {
        super(peer, combiner);
        this.combiner = combiner;
        this.connection = connection;
        this.wire = connection.wire();
        this.key = connection.channel().register(selector, 0);
    }

    /** How far the first message of a direction has got. */
    private static final class Direction {
        private final ByteBuffer header = FrameDescriptor.allocate();
        private final ByteBuffer window = NativeMemory.window();
        private final ByteBuffer[] parts = {header, window};
        private boolean begun;
        private long movedBytes;
    }

    @Override
    public String kind() {
        return "tcp";
    }

    @Override
    public boolean isIdle() {
        return super.isIdle() && !wire.hasUnsent();
    }

    @Override
    public int advance() throws IOException {
        moved = false;
        return write() + read();
    }

    @Override
    public boolean moved() {
        return moved;
    }

    private int write() throws IOException {
        int completed = 0;
        MessageQueue queue = sends();
        while (!queue.isIdle()) {
            if (!out.begun) {
                FrameDescriptor.fill(out.header, (int) queue.completed(), sequence(), fingerprint(), queue.bytes());
                out.begun = true;
                out.movedBytes = 0;
                placeWindow(out, queue);
            }
            long written = out.header.hasRemaining() ? wire.write(out.parts) : wire.write(out.window);
            moved |= written > 0;
            if (out.header.hasRemaining() || out.window.hasRemaining()) {
                if (written == 0) {
                    break;
                }
            } else {
                out.movedBytes += out.window.limit();
                if (out.movedBytes == queue.bytes()) {
                    out.begun = false;
                    queue.complete();
                    completed++;
                } else {
                    placeWindow(out, queue);
                }
            }
        }
        if (wire.hasUnsent()) {
            wire.flush();
            // The last bytes have left.
            completed += wire.hasUnsent() ? 0 : 1;
        }
        return completed;
    }

    /** Reads until a message is complete or nothing more is there; returns the number of messages completed. */
    private int read() throws IOException {
        MessageQueue queue = receives();
        while (!queue.isIdle()) {
            if (!in.begun) {
                in.header.clear();
                in.begun = true;
                in.movedBytes = 0;
                staged = 0;
                placeWindow(in, queue);
            }
            if (staged > 0) {
                NativeMemory.putVolatile(combiner.staging(), partOfElement);
            }
            boolean inHeader = in.header.hasRemaining();
            int before = in.window.position();
            long read = inHeader ? wire.read(in.parts) : wire.read(in.window);
            if (read < 0) {
                throw new EOFException("connection closed");
            }
            moved |= read > 0;
            if (inHeader && !in.header.hasRemaining()) {
                FrameDescriptor.check(in.header, (int) queue.completed(), sequence(), fingerprint(), queue.bytes());
            }
            if (queue.combines()) {
                staged += in.window.position() - before;
                combineStaged(queue);
            } else if (!in.window.hasRemaining() && !in.header.hasRemaining()) {
                in.movedBytes += in.window.limit();
                if (in.movedBytes < queue.bytes()) {
                    placeWindow(in, queue);
                }
            }
            if (!in.header.hasRemaining() && in.movedBytes == queue.bytes()) {
                in.begun = false;
                queue.complete();
                return 1;
            }
            if (read == 0) {
                break;
            }
        }
        return 0;
    }

    /** Lays the window over what is to be moved next of the first message's payload. */
    private void placeWindow(Direction direction, MessageQueue queue) {
        long left = queue.bytes() - direction.movedBytes;
        if (direction == in && queue.combines()) {
            int room = (int) Math.min(left, Combiner.STAGING_BYTES) - staged;
            NativeMemory.place(direction.window, combiner.staging() + staged, room);
        } else {
            NativeMemory.place(
                    direction.window, queue.address() + direction.movedBytes, (int) Math.min(left, PIECE_BYTES));
        }
    }

    /** Combines whole elements, and begins the staging buffer anew with what is left. */
    private void combineStaged(MessageQueue queue) {
        long left = queue.bytes() - in.movedBytes;
        int bytes = staged == left ? staged : staged & ~ELEMENT_MASK;
        if (bytes > 0) {
            long from = combiner.staging();
            deliver(from, in.movedBytes, bytes);
            in.movedBytes += bytes;
            staged -= bytes;
            NativeMemory.copy(from + bytes, from, staged);
        }
        if (staged > 0) {
            partOfElement = NativeMemory.getVolatile(combiner.staging());
        }
        if (!in.header.hasRemaining()) {
            placeWindow(in, queue);
        }
    }

    @Override
    public boolean prepareSleep() {
        boolean receives = !receives().isIdle();
        int ops = (receives ? SelectionKey.OP_READ : 0)
                | (sends().isIdle() && !wire.hasUnsent() ? 0 : SelectionKey.OP_WRITE);
        if (key.interestOps() != ops) {
            key.interestOps(ops);
        }
        return !(receives && wire.hasUnread());
    }

    @Override
    public void endSleep() {}

    @Override
    public void withdraw() {
        // The kernel has copies of all that was sent.
    }

    @Override
    public void close() {
        connection.close();
    }
}
