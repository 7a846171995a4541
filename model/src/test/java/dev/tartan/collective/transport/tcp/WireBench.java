package dev.tartan.collective.transport.tcp;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;

/**
 * Prints what one direction of a loopback connection carries, plain and in records of several lengths, and what sending
 * and receiving allocate; run by hand, asserts nothing. Both ends spin, each on a thread of its own.
 */
final class WireBench {
    private static final int MESSAGE_BYTES = 64 << 20;
    private static final int WARM_MESSAGES = 16;
    private static final int MESSAGES = 21;
    private static final int[] RECORD_BYTES = {16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10};

    private WireBench() {}

    private interface Move {
        int move(ByteBuffer part) throws IOException;
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        MeshKeys mesh = MeshKeys.derive(JobSecret.random(), MeshId.ONLY);
        byte[] hello = new byte[HandshakeDescriptor.HELLO_BYTES];
        byte[] nonce = JobSecret.nonce();
        SessionKeys keys = SessionKeys.derive(mesh, hello, nonce, true);
        SessionKeys peerKeys = SessionKeys.derive(mesh, hello, nonce, false);
        for (int round = 0; round < 2; round++) {
            try (SocketPair sockets = SocketPair.open()) {
                run("plain", MESSAGE_BYTES, new PlainWire(sockets.initiator()), new PlainWire(sockets.acceptor()));
            }
            for (int recordBytes : RECORD_BYTES) {
                try (SocketPair sockets = SocketPair.open()) {
                    run(
                            "encrypted",
                            recordBytes,
                            new EncryptedWire(sockets.initiator(), keys, recordBytes),
                            new EncryptedWire(sockets.acceptor(), peerKeys, recordBytes));
                }
            }
        }
    }

    private static void run(String wire, int recordBytes, Wire from, Wire to) throws InterruptedException {
        double[] millis = new double[MESSAGES];
        long[] allocated = new long[2];
        Thread sender = new Thread(() -> allocated[0] = repeat(from::write, from, new double[MESSAGES]));
        Thread receiver = new Thread(() -> allocated[1] = repeat(to::read, to, millis));
        sender.start();
        receiver.start();
        sender.join();
        receiver.join();
        Arrays.sort(millis);
        double records = (double) MESSAGES * MESSAGE_BYTES / recordBytes;
        System.out.printf(
                Locale.ROOT,
                "{\"wire\":\"%s\",\"record_bytes\":%d,\"median_GBps\":%.2f,\"best_GBps\":%.2f,"
                        + "\"sender_allocates_per_record\":%.0f,\"receiver_allocates_per_record\":%.0f}%n",
                wire,
                recordBytes,
                MESSAGE_BYTES / millis[MESSAGES / 2] / 1e6,
                MESSAGE_BYTES / millis[0] / 1e6,
                allocated[0] / records,
                allocated[1] / records);
    }

    /** Moves every message; returns the bytes this thread allocated after the warm ones. */
    private static long repeat(Move move, Wire wire, double[] millis) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE_BYTES);
        long before = 0;
        try {
            for (int i = -WARM_MESSAGES; i < MESSAGES; i++) {
                if (i == 0) {
                    before = threads.getThreadAllocatedBytes(thread);
                }
                long start = System.nanoTime();
                message.clear();
                while (message.hasRemaining() || wire.hasUnsent()) {
                    wire.flush();
                    if (move.move(message) == 0) {
                        Thread.onSpinWait();
                    }
                }
                if (i >= 0) {
                    millis[i] = (System.nanoTime() - start) / 1e6;
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return threads.getThreadAllocatedBytes(thread) - before;
    }
}
