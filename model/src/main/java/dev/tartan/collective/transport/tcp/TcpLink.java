package dev.tartan.collective.transport.tcp;

import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.transport.FrameDescriptor;
import dev.tartan.collective.transport.Link;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/**
 * The data connection to one peer. Header and payload go by one gathering write and come by one scattering read, the
 * payload straight from and to the memory of the call: since messages are expected in order and in length, nothing has
 * to be read ahead. For the rank's own thread.
 */
final class TcpLink implements Link {
    private static final int MASK = QUEUE - 1;
    /** A buffer ends at 2 GiB; a longer message is moved in pieces of this many bytes. */
    private static final int PIECE_BYTES = 1 << 30;

    private final SocketChannel channel;
    private final SelectionKey key;
    private final int peer;
    private final Queue sends = new Queue();
    private final Queue receives = new Queue();
    private long sequence;
    private long fingerprint;

    TcpLink(SocketChannel channel, Selector selector, int peer) throws IOException {
        this.channel = channel;
        this.peer = peer;
        this.key = channel.register(selector, 0);
    }

    /** Messages in one direction: those queued, and how far the first of them has got. */
    private static final class Queue {
        private final long[] addresses = new long[QUEUE];
        private final long[] lengths = new long[QUEUE];
        private final ByteBuffer header = FrameDescriptor.allocate();
        private final ByteBuffer window = NativeMemory.window();
        private final ByteBuffer[] parts = {header, window};
        private long queued;
        private long completed;
        private long movedBytes;
        private boolean begun;

        void reset() {
            queued = 0;
            completed = 0;
            begun = false;
        }

        boolean hasRoom() {
            return queued - completed < QUEUE;
        }

        boolean isIdle() {
            return queued == completed;
        }

        void add(long address, long bytes) {
            int place = (int) queued & MASK;
            addresses[place] = address;
            lengths[place] = bytes;
            queued++;
        }

        int number() {
            return (int) completed;
        }

        long length() {
            return lengths[(int) completed & MASK];
        }

        /** Lays the window over what is left of the first message's payload, or over as much as a buffer holds. */
        void placeWindow() {
            long left = length() - movedBytes;
            int bytes = (int) Math.min(left, PIECE_BYTES);
            NativeMemory.place(window, addresses[(int) completed & MASK] + movedBytes, bytes);
        }

        /** Counts a window moved whole; says whether it was the message's last. */
        boolean advance() {
            movedBytes += window.limit();
            if (movedBytes < length()) {
                placeWindow();
                return false;
            }
            completed++;
            begun = false;
            return true;
        }

        void begin() {
            begun = true;
            movedBytes = 0;
            placeWindow();
        }
    }

    /** A header that is not the one expected. */
    static final class UnexpectedMessageException extends IOException {
        private static final long serialVersionUID = 1L;

        UnexpectedMessageException(String message) {
            super(message);
        }
    }

    int peer() {
        return peer;
    }

    void begin(long callSequence, long callFingerprint) {
        sequence = callSequence;
        fingerprint = callFingerprint;
        sends.reset();
        receives.reset();
    }

    @Override
    public boolean canSend() {
        return sends.hasRoom();
    }

    @Override
    public void send(long address, long bytes) {
        sends.add(address, bytes);
    }

    @Override
    public boolean canReceive() {
        return receives.hasRoom();
    }

    @Override
    public void receive(long address, long bytes) {
        receives.add(address, bytes);
    }

    @Override
    public long sent() {
        return sends.completed;
    }

    @Override
    public long received() {
        return receives.completed;
    }

    boolean isIdle() {
        return sends.isIdle() && receives.isIdle();
    }

    /** Sends as much as the socket takes; returns the number of messages completed. */
    int write() throws IOException {
        int completed = 0;
        while (!sends.isIdle()) {
            if (!sends.begun) {
                FrameDescriptor.fill(sends.header, sends.number(), sequence, fingerprint, sends.length());
                sends.begin();
            }
            long written = sends.header.hasRemaining() ? channel.write(sends.parts) : channel.write(sends.window);
            if (sends.header.hasRemaining() || sends.window.hasRemaining()) {
                if (written == 0) {
                    break;
                }
            } else if (sends.advance()) {
                completed++;
            }
        }
        return completed;
    }

    /** Reads until a message is complete or nothing more is there; returns the number of messages completed. */
    int read() throws IOException {
        while (!receives.isIdle()) {
            if (!receives.begun) {
                receives.header.clear();
                receives.begin();
            }
            boolean inHeader = receives.header.hasRemaining();
            long read = inHeader ? channel.read(receives.parts) : channel.read(receives.window);
            if (read < 0) {
                throw new EOFException("connection closed");
            }
            if (inHeader && !receives.header.hasRemaining()) {
                checkHeader();
            }
            if (receives.header.hasRemaining() || receives.window.hasRemaining()) {
                if (read == 0) {
                    break;
                }
            } else if (receives.advance()) {
                return 1;
            }
        }
        return 0;
    }

    private void checkHeader() throws UnexpectedMessageException {
        if (!FrameDescriptor.matches(receives.header, receives.number(), sequence, fingerprint, receives.length())) {
            throw new UnexpectedMessageException("sent " + FrameDescriptor.describe(receives.header)
                    + " instead of message " + receives.number() + " of call " + sequence + " with "
                    + receives.length() + " bytes");
        }
    }

    /** Sets what a sleeping rank wants to be woken for. */
    void updateInterest() {
        int ops = (receives.isIdle() ? 0 : SelectionKey.OP_READ) | (sends.isIdle() ? 0 : SelectionKey.OP_WRITE);
        if (key.interestOps() != ops) {
            key.interestOps(ops);
        }
    }
}
