package dev.tartan.collective.transport.tcp;

import dev.tartan.collective.NativeMemory;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * A connection whose bytes travel as encrypted records; see {@link RecordDescriptor}. What is written at once is one
 * record, or several if it is longer than one. Bytes are given out only after the tag of their record was checked, and
 * after a record was refused nothing is read any more. An end between records reads as -1, just as on a plain
 * connection, and may be forged, so a protocol that ends of its own accord must say so. Lengths and times of records
 * are not hidden.
 *
 * <p>All buffers are made once, some 330 KiB of them. Beyond those the JDK's cipher allocates 952 bytes a record sent
 * and 968 a record received, of any length.
 */
final class EncryptedWire implements Wire {
    private final SocketChannel channel;
    private final int maxPlainBytes;

    private final RecordCipher sealer;
    private final byte[] sealing;
    private final ByteBuffer unsent;
    private int collected;

    private final RecordCipher opener;
    private final byte[] opening;
    private final ByteBuffer opened;
    /** Bytes from the socket, up to its position; the next record begins at {@link #nextRecord}. */
    private final ByteBuffer received;

    private int nextRecord;
    private boolean ended;

    EncryptedWire(SocketChannel channel, SessionKeys keys) {
        this(channel, keys, RecordDescriptor.MAX_PLAIN_BYTES);
    }

    /** A connection with a smaller or larger longest record, on which both ends must agree. */
    EncryptedWire(SocketChannel channel, SessionKeys keys, int maxPlainBytes) {
        int maxRecordBytes = RecordDescriptor.recordBytes(maxPlainBytes);
        this.channel = channel;
        this.maxPlainBytes = maxPlainBytes;
        this.sealer = RecordCipher.sealing(keys.sending());
        this.sealing = new byte[maxRecordBytes];
        this.unsent = NativeMemory.allocate(maxRecordBytes).limit(0);
        this.opener = RecordCipher.opening(keys.receiving());
        this.opening = new byte[maxRecordBytes];
        this.opened = ByteBuffer.allocate(maxPlainBytes).limit(0);
        this.received = NativeMemory.allocate(maxRecordBytes);
    }

    @Override
    public long write(ByteBuffer[] parts) throws IOException {
        long taken = 0;
        for (ByteBuffer part : parts) {
            taken += collect(part);
            if (part.hasRemaining()) {
                break;
            }
        }
        send();
        return taken;
    }

    @Override
    public int write(ByteBuffer part) throws IOException {
        int taken = collect(part);
        send();
        return taken;
    }

    private int collect(ByteBuffer part) throws IOException {
        int before = part.remaining();
        while (part.hasRemaining()) {
            flush();
            if (hasUnsent()) {
                break;
            }
            int bytes = Math.min(part.remaining(), maxPlainBytes - collected);
            part.get(sealing, RecordDescriptor.LENGTH_BYTES + collected, bytes);
            collected += bytes;
            if (collected == maxPlainBytes) {
                send();
            }
        }
        return before - part.remaining();
    }

    /** Makes a record of what was collected, if anything was. */
    private void send() throws IOException {
        if (collected > 0) {
            int bytes = sealer.seal(sealing, collected);
            collected = 0;
            unsent.clear();
            unsent.put(sealing, 0, bytes).flip();
            flush();
        }
    }

    @Override
    public boolean hasUnsent() {
        return unsent.hasRemaining();
    }

    @Override
    public void flush() throws IOException {
        if (unsent.hasRemaining()) {
            channel.write(unsent);
        }
    }

    @Override
    public long read(ByteBuffer[] parts) throws IOException {
        long given = 0;
        for (ByteBuffer part : parts) {
            given += give(part);
            if (part.hasRemaining()) {
                break;
            }
        }
        return given == 0 && ended ? -1 : given;
    }

    @Override
    public int read(ByteBuffer part) throws IOException {
        int given = give(part);
        return given == 0 && ended ? -1 : given;
    }

    private int give(ByteBuffer part) throws IOException {
        int before = part.remaining();
        while (part.hasRemaining() && (opened.hasRemaining() || openNext())) {
            int bytes = Math.min(part.remaining(), opened.remaining());
            part.put(opened.array(), opened.position(), bytes);
            opened.position(opened.position() + bytes);
        }
        return before - part.remaining();
    }

    /** Opens the next record, if the socket has the rest of it. */
    private boolean openNext() throws IOException {
        while (!hasRecord()) {
            makeRoom();
            int read = channel.read(received);
            if (read < 0) {
                checkEnd();
                ended = true;
            }
            if (read <= 0) {
                return false;
            }
        }
        int plainBytes = RecordDescriptor.plainBytes(received, nextRecord);
        checkLength(plainBytes);
        int recordBytes = RecordDescriptor.recordBytes(plainBytes);
        received.get(nextRecord, opening, 0, recordBytes);
        opener.open(opening, plainBytes, opened.array());
        opened.clear().limit(plainBytes);
        nextRecord += recordBytes;
        return true;
    }

    @Override
    public boolean hasUnread() {
        return opened.hasRemaining() || hasRecord();
    }

    /** Whether a record is there to be opened or refused. */
    private boolean hasRecord() {
        int there = received.position() - nextRecord;
        if (there < RecordDescriptor.LENGTH_BYTES) {
            return false;
        }
        int plainBytes = RecordDescriptor.plainBytes(received, nextRecord);
        return !isPossible(plainBytes) || there >= RecordDescriptor.recordBytes(plainBytes);
    }

    private boolean isPossible(int plainBytes) {
        return plainBytes > 0 && plainBytes <= maxPlainBytes;
    }

    private void checkLength(int plainBytes) throws InvalidRecordException {
        if (!isPossible(plainBytes)) {
            throw new InvalidRecordException("it sent a record of impossible length: record=" + opener.number()
                    + ", plainBytes=" + plainBytes + ", maxPlainBytes=" + maxPlainBytes
                    + ". Find out what changes bytes on the way.");
        }
    }

    private void checkEnd() throws EOFException {
        int there = received.position() - nextRecord;
        if (there > 0) {
            throw new EOFException(
                    "connection closed within a record: record=" + opener.number() + ", receivedBytes=" + there + ".");
        }
    }

    /** Moves an incomplete record to the front if it could not be completed where it is. */
    private void makeRoom() {
        int end = received.position();
        if (nextRecord == end) {
            received.clear();
            nextRecord = 0;
        } else if (!received.hasRemaining()) {
            received.position(nextRecord);
            received.compact();
            nextRecord = 0;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
