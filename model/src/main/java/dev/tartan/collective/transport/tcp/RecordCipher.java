package dev.tartan.collective.transport.tcp;

import java.io.IOException;
import java.security.GeneralSecurityException;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Makes or opens the records of one direction, in order; see {@link RecordDescriptor}. Works on heap arrays: a record
 * of 64 KiB is sealed at 2.5 GB/s and opened at 2.4 GB/s with 952 and 968 bytes allocated, over direct buffers at 2.1
 * and 1.8 GB/s with 3032 and 3080 (JDK 17.0.15, one AMD EPYC core with VAES). Not thread-safe.
 */
final class RecordCipher {
    private final int mode;
    private final Cipher cipher;
    private final byte[] nonce = new byte[RecordDescriptor.NONCE_BYTES];
    private TrafficKey key;
    private SecretKeySpec aes;
    private long number;

    private RecordCipher(int mode, TrafficKey key, long firstNumber) {
        this.mode = mode;
        this.key = key;
        this.aes = key.aes();
        this.number = firstNumber;
        try {
            this.cipher = Cipher.getInstance("AES/GCM/NoPadding");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no AES-GCM. Use a standard one.", e);
        }
    }

    static RecordCipher sealing(TrafficKey key) {
        return new RecordCipher(Cipher.ENCRYPT_MODE, key, 0);
    }

    static RecordCipher opening(TrafficKey key) {
        return new RecordCipher(Cipher.DECRYPT_MODE, key, 0);
    }

    /** One with the same key that begins at another record. */
    RecordCipher from(long firstNumber) {
        return new RecordCipher(mode, key, firstNumber);
    }

    /** Number of the next record. */
    long number() {
        return number;
    }

    /**
     * Makes a record in place of its plaintext, which begins where the ciphertext shall; returns its length.
     *
     * @throws IOException if the direction has had all the records it can number
     */
    int seal(byte[] record, int plainBytes) throws IOException {
        RecordDescriptor.putPlainBytes(record, plainBytes);
        try {
            begin(record);
            // In place at the same offset needs no copy, as JDK 17's cipher has it; decryption would.
            cipher.doFinal(record, RecordDescriptor.LENGTH_BYTES, plainBytes, record, RecordDescriptor.LENGTH_BYTES);
        } catch (GeneralSecurityException e) {
            throw new IOException(
                    "a record cannot be encrypted: record=" + number + ", plainBytes=" + plainBytes + ".", e);
        }
        advance();
        return RecordDescriptor.recordBytes(plainBytes);
    }

    /**
     * Opens a record into an array, whose contents mean nothing if that fails. A record that is refused stays refused.
     *
     * @throws InvalidRecordException if it is not the next one made with the same key
     */
    void open(byte[] record, int plainBytes, byte[] plain) throws IOException {
        try {
            begin(record);
            int sealedBytes = plainBytes + RecordDescriptor.TAG_BYTES;
            cipher.doFinal(record, RecordDescriptor.LENGTH_BYTES, sealedBytes, plain, 0);
        } catch (AEADBadTagException e) {
            throw new InvalidRecordException(
                    "it sent a record whose tag is wrong: record=" + number + ", plainBytes=" + plainBytes
                            + ". Find out what changes bytes on the way.",
                    e);
        } catch (GeneralSecurityException e) {
            throw new IOException(
                    "a record cannot be decrypted: record=" + number + ", plainBytes=" + plainBytes + ".", e);
        }
        advance();
    }

    private void begin(byte[] record) throws IOException, GeneralSecurityException {
        if (number == Long.MAX_VALUE) {
            throw new IOException("the connection has no number left for a record: record=" + number
                    + ". Connect again, which makes new keys.");
        }
        RecordDescriptor.putNumber(nonce, number);
        cipher.init(mode, aes, new GCMParameterSpec(RecordDescriptor.TAG_BYTES * Byte.SIZE, nonce));
        cipher.updateAAD(record, 0, RecordDescriptor.LENGTH_BYTES);
    }

    private void advance() {
        number++;
        if (number % RecordDescriptor.RECORDS_PER_KEY == 0) {
            key = key.next();
            aes = key.aes();
        }
    }
}
