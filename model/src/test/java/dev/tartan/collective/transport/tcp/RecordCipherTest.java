package dev.tartan.collective.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import org.junit.jupiter.api.Test;

class RecordCipherTest {
    private static final TrafficKey KEY = SessionKeys.derive(
                    MeshKeys.derive(JobSecret.random(), MeshId.ONLY), new byte[64], JobSecret.nonce(), true)
            .sending();

    private static byte[] seal(RecordCipher sealer, byte... plain) throws IOException {
        byte[] record = new byte[RecordDescriptor.recordBytes(plain.length)];
        System.arraycopy(plain, 0, record, RecordDescriptor.LENGTH_BYTES, plain.length);
        assertThat(sealer.seal(record, plain.length)).isEqualTo(record.length);
        return record;
    }

    private static byte open(RecordCipher opener, byte[] record) throws IOException {
        byte[] plain = new byte[1];
        opener.open(record, 1, plain);
        return plain[0];
    }

    private static byte[] aes(int mode, TrafficKey key, long number, byte[] aad, byte[] text)
            throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        byte[] nonce = ByteBuffer.allocate(12).putInt(0).putLong(number).array();
        cipher.init(mode, key.aes(), new GCMParameterSpec(128, nonce));
        cipher.updateAAD(aad);
        return cipher.doFinal(text);
    }

    @Test
    void aRecordIsLengthCiphertextAndTag() throws IOException, GeneralSecurityException {
        RecordCipher sealer = RecordCipher.sealing(KEY);
        for (int number = 0; number < 3; number++) {
            byte[] record = seal(sealer, (byte) 1, (byte) 2, (byte) 3);
            byte[] length = Arrays.copyOf(record, 4);
            assertThat(length).containsExactly(0, 0, 0, 3);
            byte[] rest = Arrays.copyOfRange(record, 4, record.length);
            assertThat(rest).hasSize(3 + 16);
            assertThat(aes(Cipher.DECRYPT_MODE, KEY, number, length, rest)).containsExactly(1, 2, 3);
        }
    }

    @Test
    void theKeyIsReplacedAfterItsLastRecord() throws IOException, GeneralSecurityException {
        long last = RecordDescriptor.RECORDS_PER_KEY - 1;
        RecordCipher sealer = RecordCipher.sealing(KEY).from(last);
        RecordCipher opener = RecordCipher.opening(KEY).from(last);
        for (byte value = 0; value < 3; value++) {
            byte[] record = seal(sealer, value);
            TrafficKey key = value == 0 ? KEY : KEY.next();
            byte[] rest = Arrays.copyOfRange(record, 4, record.length);
            assertThat(aes(Cipher.DECRYPT_MODE, key, last + value, Arrays.copyOf(record, 4), rest))
                    .containsExactly(value);
            assertThat(open(opener, record)).isEqualTo(value);
        }
    }

    @Test
    void numbersAreNeverUsedTwice() {
        RecordCipher sealer = RecordCipher.sealing(KEY).from(Long.MAX_VALUE);
        assertThatThrownBy(() -> seal(sealer, (byte) 1))
                .isInstanceOf(IOException.class)
                .hasMessage("the connection has no number left for a record: record=9223372036854775807."
                        + " Connect again, which makes new keys.");
    }
}
