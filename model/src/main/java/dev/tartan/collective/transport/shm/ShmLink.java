package dev.tartan.collective.transport.shm;

import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.reduce.Combiner;
import dev.tartan.collective.transport.FrameDescriptor;
import dev.tartan.collective.transport.MessageLink;
import dev.tartan.collective.transport.MessageQueue;
import dev.tartan.collective.transport.UnexpectedMessageException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * The link between ranks of two processes of one host. A message goes through a ring of bytes: the sender copies it in,
 * the receiver copies, or combines, it out. Message and header begin on cache lines.
 *
 * <p>Cost: no system call while both poll. A side that sleeps says so in the file before it looks a last time; the
 * other side then rings, by a byte on the socket.
 */
final class ShmLink extends MessageLink {
    private static final int LINE_BYTES = 64;
    /** The other side sees a message's bytes after so many; small enough to stay in a first-level cache. */
    private static final long PIECE_BYTES = 32 * 1024;

    private static final int BELL_BYTES = 64;

    private final SharedFile file;
    private final SharedPipe out;
    private final SharedPipe in;
    private final SocketChannel bell;
    private final SelectionKey key;
    private final ByteBuffer window = FrameDescriptor.window();
    private final ByteBuffer ring = ByteBuffer.allocateDirect(1);
    private final ByteBuffer rung = ByteBuffer.allocateDirect(BELL_BYTES);
    private long sentBytes = -1;
    private long receivedBytes = -1;
    private boolean moved;
    private boolean asleep;

    ShmLink(int peer, SharedFile file, SocketChannel bell, Selector selector, Combiner combiner) throws IOException {
        super(peer, combiner);
        this.file = file;
        this.out = file.out();
        this.in = file.in();
        this.bell = bell;
        this.key = bell.register(selector, SelectionKey.OP_READ);
    }

    @Override
    public String kind() {
        return "shm";
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
        MessageQueue queue = sends();
        int completed = 0;
        boolean changed = false;
        while (!queue.isIdle()) {
            long room = out.room();
            if (sentBytes < 0) {
                if (room < LINE_BYTES) {
                    break;
                }
                FrameDescriptor.place(window, out.address());
                FrameDescriptor.fill(window, (int) queue.completed(), sequence(), fingerprint(), queue.bytes());
                out.advance(LINE_BYTES);
                room -= LINE_BYTES;
                sentBytes = 0;
                changed = true;
            }
            long left = queue.bytes() - sentBytes;
            long piece = Math.min(Math.min(left, PIECE_BYTES), Math.min(room, out.untilEnd()));
            if (piece > 0) {
                NativeMemory.copy(queue.address() + sentBytes, out.address(), piece);
                out.advance(piece);
                sentBytes += piece;
                changed = true;
            }
            if (sentBytes == queue.bytes()) {
                out.advance(-sentBytes & (LINE_BYTES - 1));
                queue.complete();
                sentBytes = -1;
                completed++;
            } else if (piece == 0) {
                break;
            }
            if (piece == PIECE_BYTES) {
                publish();
                changed = false;
                if (in.available() > 0) {
                    break;
                }
            }
        }
        if (changed) {
            publish();
        }
        return completed;
    }

    private int read() throws IOException {
        MessageQueue queue = receives();
        long taken = 0;
        int completed = 0;
        while (!queue.isIdle()) {
            long available = in.available();
            if (receivedBytes < 0) {
                if (available < LINE_BYTES) {
                    break;
                }
                checkHeader(queue);
                in.advance(LINE_BYTES);
                available -= LINE_BYTES;
                taken += LINE_BYTES;
                receivedBytes = 0;
            }
            long left = queue.bytes() - receivedBytes;
            long piece = Math.min(Math.min(left, PIECE_BYTES), Math.min(available, in.untilEnd()));
            if (piece > 0) {
                deliver(in.address(), receivedBytes, piece);
                in.advance(piece);
                receivedBytes += piece;
                taken += piece;
            }
            if (receivedBytes == queue.bytes()) {
                long padding = -receivedBytes & (LINE_BYTES - 1);
                in.advance(padding);
                taken += padding;
                queue.complete();
                receivedBytes = -1;
                completed++;
                break;
            } else if (piece == 0) {
                break;
            }
            if (taken >= PIECE_BYTES) {
                giveBack();
                taken = 0;
                if (!sends().isIdle()) {
                    break;
                }
            }
        }
        if (taken > 0) {
            giveBack();
        }
        return completed;
    }

    private void checkHeader(MessageQueue queue) throws UnexpectedMessageException {
        FrameDescriptor.place(window, in.address());
        FrameDescriptor.check(window, (int) queue.completed(), sequence(), fingerprint(), queue.bytes());
    }

    private void publish() throws IOException {
        moved = true;
        if (out.publish()) {
            ring();
        }
    }

    private void giveBack() throws IOException {
        moved = true;
        if (in.giveBack()) {
            ring();
        }
    }

    private void ring() throws IOException {
        ring.clear();
        // A full socket has bytes enough to wake the peer.
        bell.write(ring);
    }

    @Override
    public boolean prepareSleep() {
        boolean receives = !receives().isIdle();
        boolean sends = !sends().isIdle();
        asleep = receives || sends;
        key.interestOps(asleep ? SelectionKey.OP_READ : 0);
        if (!asleep) {
            return true;
        }
        in.setReceiverSleeps(receives);
        out.setSenderSleeps(sends);
        return !(receives && in.available() > 0) && !(sends && out.room() > 0);
    }

    @Override
    public void endSleep() throws IOException {
        if (!asleep) {
            return;
        }
        asleep = false;
        in.setReceiverSleeps(false);
        out.setSenderSleeps(false);
        // A peer that has left may have put all this rank needs into the ring before.
        String end = listen();
        if (end != null && in.available() == 0) {
            throw new EOFException(end);
        }
    }

    /** Takes the bell's bytes; says how the peer's socket ended, or null if it has not. */
    private @Nullable String listen() {
        rung.clear();
        try {
            return bell.read(rung) < 0 ? "connection closed" : null;
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    @Override
    public void withdraw() {
        // The peer reads copies in the ring, never this rank's memory.
    }

    @Override
    public void close() {
        key.cancel();
        try {
            bell.close();
        } catch (IOException ignored) {
            // It is gone, which was the point.
        }
    }

    /** Keeps the mapping reachable as long as the link. */
    SharedFile file() {
        return file;
    }
}
