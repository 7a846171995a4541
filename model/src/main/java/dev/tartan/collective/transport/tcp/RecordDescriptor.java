package dev.tartan.collective.transport.tcp;

import java.nio.ByteBuffer;

/**
 * The encrypted record, of which the bytes of an encrypted connection are a sequence; big-endian:
 *
 * <pre>
 *  0        4                     4 + n            20 + n
 *  +--------+----------------------+----------------+
 *  | n      | ciphertext, n bytes  | tag            |
 *  +--------+----------------------+----------------+
 * </pre>
 *
 * AES-256-GCM, n from 1 to {@link #MAX_PLAIN_BYTES}; the length's 4 bytes are the associated data. The nonce is not
 * sent: 4 zero bytes and the record's number in its direction, from 0, in 8 bytes. After every {@link #RECORDS_PER_KEY}
 * records the key is replaced by {@link TrafficKey#next}, and numbers go on.
 */
final class RecordDescriptor {
    static final int LENGTH_BYTES = 4;
    static final int TAG_BYTES = 16;
    static final int NONCE_BYTES = 12;

    /** Measured over loopback: 16 KiB carries about a quarter less, 128 and 256 KiB no more than chance explains. */
    static final int MAX_PLAIN_BYTES = 1 << 16;

    /**
     * 256 GiB of full records, which is within the bound that TLS 1.3 sets itself for AES-GCM (RFC 8446, section 5.5:
     * 2^24.5 records of 2^10 blocks).
     */
    static final long RECORDS_PER_KEY = 1L << 22;

    private static final int NUMBER_OFFSET = 4;

    private RecordDescriptor() {}

    /** Length of a record on the cable. */
    static int recordBytes(int plainBytes) {
        return LENGTH_BYTES + plainBytes + TAG_BYTES;
    }

    static int plainBytes(ByteBuffer records, int offset) {
        return records.getInt(offset);
    }

    static void putPlainBytes(byte[] record, int plainBytes) {
        ByteBuffer.wrap(record).putInt(plainBytes);
    }

    static void putNumber(byte[] nonce, long number) {
        ByteBuffer.wrap(nonce).putLong(NUMBER_OFFSET, number);
    }
}
