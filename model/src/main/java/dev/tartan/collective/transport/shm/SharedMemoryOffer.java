package dev.tartan.collective.transport.shm;

import dev.tartan.collective.reduce.Combiner;
import dev.tartan.collective.transport.MessageLink;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * How two ranks find out over their socket whether they can share memory: one makes a file and names it, the other
 * looks whether it sees the same file. Processes of one machine need not, if they are in different containers.
 *
 * <pre>
 * offer, from the maker            answer, from the other
 *  0 1 if there is a file, else 0   0 1 if it sees the file, else 0
 *  1 token                 16
 * 17 length of the text     4
 * 21 the file's path, or why there is none, UTF-8
 * </pre>
 */
public final class SharedMemoryOffer {
    private static final int HEADER_BYTES = 1 + SharedFileDescriptor.TOKEN_BYTES + Integer.BYTES;
    private static final int MAX_TEXT_BYTES = 8192;
    private static final long POLL_NANOS = 200_000;

    private final SocketChannel socket;
    private final long deadlineNanos;
    private @Nullable SharedFile file;
    private @Nullable SharedFile mine;
    private String refusal = "";

    private SharedMemoryOffer(SocketChannel socket, long deadlineNanos) {
        this.socket = socket;
        this.deadlineNanos = deadlineNanos;
    }

    /** Makes a file and offers it; {@link #awaitAnswer} and {@link #unlink} are to follow. */
    public static SharedMemoryOffer send(SocketChannel socket, SharedMemoryOptions options, long deadlineNanos)
            throws IOException {
        SharedMemoryOffer offer = new SharedMemoryOffer(socket, deadlineNanos);
        byte[] token = new byte[SharedFileDescriptor.TOKEN_BYTES];
        String text;
        try {
            SharedFile made = SharedFile.create(options.folders(), options.ringBytes());
            offer.file = made;
            offer.mine = made;
            token = made.token();
            text = made.path().toString();
        } catch (IOException e) {
            offer.refusal = String.valueOf(e.getMessage());
            text = offer.refusal;
        }
        byte[] textBytes = text.getBytes(StandardCharsets.UTF_8);
        int textLength = Math.min(textBytes.length, MAX_TEXT_BYTES);
        ByteBuffer message = ByteBuffer.allocate(HEADER_BYTES + textLength);
        message.put((byte) (offer.file == null ? 0 : 1)).put(token).putInt(textLength);
        message.put(textBytes, 0, textLength).flip();
        offer.write(message);
        return offer;
    }

    /** Learns whether the other side sees the file. */
    public void awaitAnswer() throws IOException {
        ByteBuffer answer = ByteBuffer.allocate(1);
        read(answer);
        SharedFile made = file;
        if (answer.get(0) == 0 && made != null) {
            refusal = "the other rank does not see the file: path=" + made.path();
            file = null;
        }
    }

    /** Removes the name of a file this side made, which nobody needs any more once it was answered, or will not be. */
    public void unlink() {
        SharedFile made = mine;
        if (made != null) {
            made.unlink();
        }
    }

    /** Receives an offer and answers it. */
    public static SharedMemoryOffer receive(SocketChannel socket, SharedMemoryOptions options, long deadlineNanos)
            throws IOException {
        SharedMemoryOffer offer = new SharedMemoryOffer(socket, deadlineNanos);
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        offer.read(header);
        header.flip();
        boolean isMade = header.get() == 1;
        byte[] token = new byte[SharedFileDescriptor.TOKEN_BYTES];
        header.get(token);
        int textLength = header.getInt();
        if (textLength < 0 || textLength > MAX_TEXT_BYTES) {
            throw new IOException("offer of shared memory has an impossible length: textBytes=" + textLength);
        }
        ByteBuffer bytes = ByteBuffer.allocate(textLength);
        offer.read(bytes);
        String text = new String(bytes.array(), StandardCharsets.UTF_8);
        offer.file = isMade ? SharedFile.open(options.folders(), text, token) : null;
        if (offer.file == null) {
            offer.refusal =
                    isMade ? "this rank does not see the other's file, or not as its own user's: path=" + text : text;
        }
        offer.write(ByteBuffer.wrap(new byte[] {(byte) (offer.file == null ? 0 : 1)}));
        return offer;
    }

    /** Why there is no shared memory; empty if there is. */
    public String refusal() {
        return refusal;
    }

    /** Makes the link, which takes over the socket; null if there is no shared memory. */
    public @Nullable MessageLink link(int peer, Selector selector, Combiner combiner) throws IOException {
        SharedFile shared = file;
        return shared == null ? null : new ShmLink(peer, shared, socket, selector, combiner);
    }

    private void write(ByteBuffer message) throws IOException {
        while (message.hasRemaining()) {
            if (socket.write(message) == 0) {
                pause();
            }
        }
    }

    private void read(ByteBuffer message) throws IOException {
        while (message.hasRemaining()) {
            int read = socket.read(message);
            if (read < 0) {
                throw new EOFException("closed while memory was to be shared");
            }
            if (read == 0) {
                pause();
            }
        }
    }

    private void pause() throws IOException {
        if (System.nanoTime() - deadlineNanos >= 0) {
            throw new SocketTimeoutException("no word about shared memory came in time");
        }
        if (Thread.currentThread().isInterrupted()) {
            throw new IOException("interrupted while memory was to be shared");
        }
        LockSupport.parkNanos(POLL_NANOS);
    }
}
