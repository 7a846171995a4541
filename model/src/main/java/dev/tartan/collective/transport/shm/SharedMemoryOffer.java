package dev.tartan.collective.transport.shm;

import dev.tartan.collective.reduce.Combiner;
import dev.tartan.collective.transport.MessageLink;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
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

    private final SocketChannel socket;
    private final SharedMemoryOptions options;
    private @Nullable SharedFile file;
    private volatile @Nullable SharedFile mine;
    private String refusal = "";
    private Stage stage;
    private ByteBuffer message;

    /** What a side does next. The maker goes through the first two, the other through the rest. */
    private enum Stage {
        SEND_OFFER,
        RECEIVE_ANSWER,
        RECEIVE_HEADER,
        RECEIVE_TEXT,
        SEND_ANSWER,
        DONE
    }

    private SharedMemoryOffer(SocketChannel socket, SharedMemoryOptions options, Stage stage, ByteBuffer message) {
        this.socket = socket;
        this.options = options;
        this.stage = stage;
        this.message = message;
    }

    /** Makes a file to offer it; {@link #advance} and {@link #unlink} are to follow. */
    public static SharedMemoryOffer send(SocketChannel socket, SharedMemoryOptions options) {
        SharedFile made = null;
        byte[] token = new byte[SharedFileDescriptor.TOKEN_BYTES];
        String text;
        String refusal = "";
        try {
            made = SharedFile.create(options.folders(), options.ringBytes());
            token = made.token();
            text = made.path().toString();
        } catch (IOException e) {
            refusal = String.valueOf(e.getMessage());
            text = refusal;
        }
        byte[] textBytes = text.getBytes(StandardCharsets.UTF_8);
        int textLength = Math.min(textBytes.length, MAX_TEXT_BYTES);
        ByteBuffer message = ByteBuffer.allocate(HEADER_BYTES + textLength);
        message.put((byte) (made == null ? 0 : 1)).put(token).putInt(textLength);
        message.put(textBytes, 0, textLength).flip();
        SharedMemoryOffer offer = new SharedMemoryOffer(socket, options, Stage.SEND_OFFER, message);
        offer.file = made;
        offer.mine = made;
        offer.refusal = refusal;
        return offer;
    }

    /** Waits for an offer, to answer it; {@link #advance} is to follow. */
    public static SharedMemoryOffer receive(SocketChannel socket, SharedMemoryOptions options) {
        return new SharedMemoryOffer(socket, options, Stage.RECEIVE_HEADER, ByteBuffer.allocate(HEADER_BYTES));
    }

    /** Goes on as far as it can without waiting; returns whether both sides know what comes of it. */
    public boolean advance() throws IOException {
        while (stage != Stage.DONE) {
            boolean sends = stage == Stage.SEND_OFFER || stage == Stage.SEND_ANSWER;
            int moved = sends ? socket.write(message) : socket.read(message);
            if (moved < 0) {
                throw new EOFException("closed while memory was to be shared");
            }
            if (message.hasRemaining()) {
                if (moved == 0) {
                    return false;
                }
            } else {
                next();
            }
        }
        return true;
    }

    /** What the selector should wait for. */
    public int interestOps() {
        return stage == Stage.SEND_OFFER || stage == Stage.SEND_ANSWER ? SelectionKey.OP_WRITE : SelectionKey.OP_READ;
    }

    private void next() throws IOException {
        switch (stage) {
            case SEND_OFFER -> expect(Stage.RECEIVE_ANSWER, ByteBuffer.allocate(1));
            case RECEIVE_ANSWER -> {
                SharedFile made = file;
                if (message.get(0) == 0 && made != null) {
                    refusal = "the other rank does not see the file: path=" + made.path();
                    file = null;
                }
                stage = Stage.DONE;
            }
            case RECEIVE_HEADER -> {
                int textLength = message.getInt(HEADER_BYTES - Integer.BYTES);
                if (textLength < 0 || textLength > MAX_TEXT_BYTES) {
                    throw new IOException("offer of shared memory has an impossible length: textBytes=" + textLength);
                }
                ByteBuffer whole = ByteBuffer.allocate(HEADER_BYTES + textLength);
                expect(Stage.RECEIVE_TEXT, whole.put(message.flip()));
                if (textLength == 0) {
                    next();
                }
            }
            case RECEIVE_TEXT -> expect(Stage.SEND_ANSWER, ByteBuffer.wrap(new byte[] {(byte) (see() ? 1 : 0)}));
            case SEND_ANSWER -> stage = Stage.DONE;
            case DONE -> {}
        }
    }

    private void expect(Stage following, ByteBuffer itsMessage) {
        stage = following;
        message = itsMessage;
    }

    /** Whether this side sees the file that was offered. */
    private boolean see() {
        message.flip();
        boolean isMade = message.get() == 1;
        byte[] token = new byte[SharedFileDescriptor.TOKEN_BYTES];
        message.get(token).getInt();
        String text = StandardCharsets.UTF_8.decode(message).toString();
        file = isMade ? SharedFile.open(options.folders(), text, token) : null;
        if (file == null) {
            refusal = isMade ? "this rank does not see the other's file, or not as its own user's: path=" + text : text;
        }
        return file != null;
    }

    /** Removes the name of a file this side made, which nobody needs any more once it was answered, or will not be. */
    public void unlink() {
        SharedFile made = mine;
        if (made != null) {
            mine = null;
            made.unlink();
        }
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
}
