package dev.tartan.collective.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class EncryptedWireTest {
    private static final int SMALL_BUFFER_BYTES = 16 << 10;
    private static final int HUGE_BYTES = 10 << 20;

    private final MeshKeys mesh = MeshKeys.derive(JobSecret.random(), MeshId.ONLY);
    private final byte[] hello = new byte[HandshakeDescriptor.HELLO_BYTES];
    private final byte[] nonce = JobSecret.nonce();
    private final SessionKeys keys = SessionKeys.derive(mesh, hello, nonce, true);
    private final SessionKeys peerKeys = SessionKeys.derive(mesh, hello, nonce, false);
    private SocketPair sockets;

    @BeforeEach
    void connect() throws IOException {
        sockets = SocketPair.open(SMALL_BUFFER_BYTES);
    }

    @AfterEach
    void close() throws IOException {
        sockets.close();
    }

    private EncryptedWire initiator() {
        return new EncryptedWire(sockets.initiator(), keys);
    }

    private EncryptedWire acceptor() {
        return new EncryptedWire(sockets.acceptor(), peerKeys);
    }

    /** Records of one byte each, as the initiator makes them. */
    private List<byte[]> records(RecordCipher sealer, int count) throws IOException {
        List<byte[]> records = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] record = new byte[RecordDescriptor.recordBytes(1)];
            record[RecordDescriptor.LENGTH_BYTES] = (byte) (i + 1);
            sealer.seal(record, 1);
            records.add(record);
        }
        return records;
    }

    private List<byte[]> records(int count) throws IOException {
        return records(RecordCipher.sealing(keys.sending()), count);
    }

    /** One direction of a test: random bytes on their way, in random pieces. */
    private static final class Flow {
        private final Random random;
        private final byte[] sent;
        private final byte[] came;
        private final Wire from;
        private final Wire to;
        private int sentBytes;
        private int cameBytes;

        Flow(long seed, int bytes, Wire from, Wire to) {
            this.random = new Random(seed);
            this.sent = new byte[bytes];
            this.came = new byte[bytes];
            this.from = from;
            this.to = to;
            random.nextBytes(sent);
        }

        private ByteBuffer piece(byte[] bytes, int at) {
            int most = random.nextInt(10) == 0 ? bytes.length : 1 + random.nextInt(100_000);
            return ByteBuffer.wrap(bytes, at, Math.min(most, bytes.length - at));
        }

        boolean isDone() {
            return sentBytes == sent.length && cameBytes == came.length && !from.hasUnsent();
        }

        void step() throws IOException {
            from.flush();
            ByteBuffer first = piece(sent, sentBytes);
            ByteBuffer second = piece(sent, first.limit());
            int before = first.remaining() + second.remaining();
            long written = random.nextBoolean() ? from.write(first) : from.write(new ByteBuffer[] {first, second});
            if (first.hasRemaining()) {
                assertThat(second.position()).isEqualTo(first.limit());
            }
            int taken = (first.position() - sentBytes) + (second.position() - first.limit());
            assertThat(written).isEqualTo(taken).isBetween(0L, (long) before);
            sentBytes += taken;

            ByteBuffer third = piece(came, cameBytes);
            ByteBuffer fourth = piece(came, third.limit());
            long read = random.nextBoolean() ? to.read(third) : to.read(new ByteBuffer[] {third, fourth});
            int given = (third.position() - cameBytes) + (fourth.position() - third.limit());
            assertThat(read).isEqualTo(given);
            cameBytes += given;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100, 65_535, 65_536, 65_537, HUGE_BYTES})
    void randomPiecesArriveBothWaysAtOnce(int bytes) throws IOException {
        Wire initiator = initiator();
        Wire acceptor = acceptor();
        Flow there = new Flow(bytes, bytes, initiator, acceptor);
        Flow back = new Flow(bytes + 1, bytes, acceptor, initiator);
        while (!there.isDone() || !back.isDone()) {
            there.step();
            back.step();
        }
        assertThat(there.came).isEqualTo(there.sent);
        assertThat(back.came).isEqualTo(back.sent);
        assertThat(acceptor.hasUnread() || initiator.hasUnread()).isFalse();
        initiator.close();
        ByteBuffer more = ByteBuffer.allocate(1);
        assertThat(awaitRead(acceptor, more)).isEqualTo(-1);
        assertThat(acceptor.read(new ByteBuffer[] {more})).isEqualTo(-1);
    }

    private static int awaitRead(Wire wire, ByteBuffer part) throws IOException {
        int read = wire.read(part);
        while (read == 0) {
            Thread.onSpinWait();
            read = wire.read(part);
        }
        return read;
    }

    @Test
    void whatIsWrittenAtOnceIsOneRecord() throws IOException {
        ByteBuffer[] parts = {ByteBuffer.wrap(new byte[32]), ByteBuffer.wrap(new byte[100])};
        assertThat(initiator().write(parts)).isEqualTo(132);
        ByteBuffer cable = ByteBuffer.allocate(1000);
        while (cable.position() < RecordDescriptor.recordBytes(132)) {
            sockets.acceptor().read(cable);
        }
        assertThat(cable.position()).isEqualTo(152);
        assertThat(cable.getInt(0)).isEqualTo(132);
    }

    @Test
    void bytesThatTheSocketDoesNotTakeAreUnsentUntilFlushed() throws IOException {
        Wire initiator = initiator();
        Wire acceptor = acceptor();
        assertThat(initiator.hasUnsent()).isFalse();
        ByteBuffer all = ByteBuffer.allocate(HUGE_BYTES);
        while (initiator.write(all) > 0) {
            Thread.onSpinWait();
        }
        int taken = all.position();
        assertThat(initiator.hasUnsent()).isTrue();
        ByteBuffer came = ByteBuffer.allocate(taken);
        while (came.hasRemaining()) {
            initiator.flush();
            acceptor.read(came);
        }
        assertThat(initiator.hasUnsent()).isFalse();
    }

    @Test
    void recordsThatCameAlongAreUnread() throws IOException {
        ByteBuffer cable = ByteBuffer.allocate(3 * RecordDescriptor.recordBytes(1));
        records(3).forEach(cable::put);
        int cut = cable.capacity() - 10;
        sockets.send(Arrays.copyOf(cable.array(), cut));
        EncryptedWire acceptor = acceptor();
        assertThat(acceptor.hasUnread()).isFalse();
        ByteBuffer part = ByteBuffer.allocate(1);
        assertThat(awaitRead(acceptor, part)).isEqualTo(1);
        assertThat(acceptor.hasUnread()).isTrue();
        assertThat(acceptor.read(part.clear())).isEqualTo(1);
        assertThat(part.get(0)).isEqualTo((byte) 2);
        assertThat(acceptor.hasUnread()).isFalse();
        assertThat(acceptor.read(part.clear())).isZero();
        sockets.send(Arrays.copyOfRange(cable.array(), cut, cable.capacity()));
        assertThat(awaitRead(acceptor, part)).isEqualTo(1);
        assertThat(part.get(0)).isEqualTo((byte) 3);
    }

    @Test
    void aPartOfARecordIsUnreadUntilTaken() throws IOException {
        initiator().write(ByteBuffer.wrap(new byte[] {1, 2}));
        EncryptedWire acceptor = acceptor();
        ByteBuffer part = ByteBuffer.allocate(1);
        assertThat(awaitRead(acceptor, part)).isEqualTo(1);
        assertThat(acceptor.hasUnread()).isTrue();
        assertThat(acceptor.read(part)).isZero();
        assertThat(acceptor.read(part.clear())).isEqualTo(1);
        assertThat(acceptor.hasUnread()).isFalse();
    }

    /** Reads until something is refused, which must then stay so, and returns what was given out before. */
    private byte[] assertRefused(Class<? extends IOException> type, String message) throws IOException {
        EncryptedWire acceptor = acceptor();
        ByteBuffer came = ByteBuffer.allocate(1000);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> {
                        while (awaitRead(acceptor, came) > 0) {
                            Thread.onSpinWait();
                        }
                    })
                    .isInstanceOf(type)
                    .hasMessageMatching(message);
        }
        byte[] given = new byte[came.flip().remaining()];
        came.get(given);
        return given;
    }

    private void assertTagWrong(int record) throws IOException {
        byte[] given = assertRefused(
                InvalidRecordException.class,
                "it sent a record whose tag is wrong: record=" + record
                        + ", plainBytes=1\\. Find out what changes bytes on the way\\.");
        assertThat(given).hasSize(record);
    }

    @Test
    void noBitOfARecordCanBeChanged() throws IOException {
        for (int bit = 0; bit < RecordDescriptor.recordBytes(1) * 8; bit++) {
            close();
            connect();
            byte[] record = records(1).get(0);
            record[bit / 8] ^= (byte) (1 << bit % 8);
            sockets.send(record);
            sockets.initiator().close();
            String length =
                    "it sent a record of impossible length: record=0, plainBytes=-?\\d+, maxPlainBytes=65536\\. .*";
            String tag = "it sent a record whose tag is wrong: record=0, plainBytes=1\\. .*";
            String closed = "connection closed within a record: record=0, receivedBytes=21\\.";
            byte[] given = assertRefused(IOException.class, bit < 32 ? length + "|" + closed : tag);
            assertThat(given).isEmpty();
        }
    }

    @Test
    void aReplayedRecordIsRefused() throws IOException {
        byte[] record = records(1).get(0);
        sockets.send(record, record);
        assertTagWrong(1);
    }

    @Test
    void recordsOutOfOrderAreRefused() throws IOException {
        List<byte[]> records = records(3);
        sockets.send(records.get(0), records.get(2), records.get(1));
        assertTagWrong(1);
    }

    @Test
    void aRecordSentBackIsRefused() throws IOException {
        sockets.send(records(RecordCipher.sealing(peerKeys.sending()), 1).get(0));
        assertTagWrong(0);
    }

    @Test
    void aRecordOfAnotherConnectionIsRefused() throws IOException {
        SessionKeys other = SessionKeys.derive(mesh, hello, JobSecret.nonce(), true);
        sockets.send(records(RecordCipher.sealing(other.sending()), 1).get(0));
        assertTagWrong(0);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, (1 << 16) + 1})
    void anImpossibleLengthIsRefusedBeforeTheRestIsAwaited(int plainBytes) throws IOException {
        sockets.send(
                records(1).get(0), ByteBuffer.allocate(4).putInt(plainBytes).array());
        byte[] given = assertRefused(
                InvalidRecordException.class,
                "it sent a record of impossible length: record=1, plainBytes=" + plainBytes
                        + ", maxPlainBytes=65536\\. Find out what changes bytes on the way\\.");
        assertThat(given).containsExactly(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 20})
    void anEndWithinARecordIsRefused(int bytes) throws IOException {
        List<byte[]> records = records(2);
        sockets.send(records.get(0), Arrays.copyOf(records.get(1), bytes));
        sockets.initiator().close();
        byte[] given = assertRefused(
                EOFException.class, "connection closed within a record: record=1, receivedBytes=" + bytes + "\\.");
        assertThat(given).containsExactly(1);
    }
}
