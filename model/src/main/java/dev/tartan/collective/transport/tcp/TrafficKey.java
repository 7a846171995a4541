package dev.tartan.collective.transport.tcp;

import java.nio.charset.StandardCharsets;
import javax.crypto.spec.SecretKeySpec;

/** Key of one direction of one connection. Never printed; immutable. */
final class TrafficKey {
    private static final String NEXT = "tartan next key";

    private final byte[] bytes;

    private TrafficKey(byte[] bytes) {
        this.bytes = bytes;
    }

    /** HKDF-Expand with SHA-256 (RFC 5869, section 2.3), of which the first block has a key's 32 bytes. */
    static TrafficKey expand(byte[] pseudorandomKey, byte[] info) {
        return new TrafficKey(Hkdf.expand(pseudorandomKey, info));
    }

    /** The key to use after this one, from which this one cannot be found. */
    TrafficKey next() {
        return expand(bytes, NEXT.getBytes(StandardCharsets.US_ASCII));
    }

    /** The key for a cipher. */
    SecretKeySpec aes() {
        return new SecretKeySpec(bytes, "AES");
    }

    @Override
    public String toString() {
        return "TrafficKey[hidden]";
    }
}
