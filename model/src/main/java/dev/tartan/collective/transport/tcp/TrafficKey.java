package dev.tartan.collective.transport.tcp;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Key of one direction of one connection. Never printed; immutable. */
final class TrafficKey {
    private static final String HMAC = "HmacSHA256";
    private static final String NEXT = "tartan next key";

    private final byte[] bytes;

    private TrafficKey(byte[] bytes) {
        this.bytes = bytes;
    }

    /** HKDF-Expand with SHA-256 (RFC 5869, section 2.3), of which the first block has a key's 32 bytes. */
    static TrafficKey expand(byte[] pseudorandomKey, byte[] info) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(pseudorandomKey, HMAC));
            mac.update(info);
            mac.update((byte) 1);
            return new TrafficKey(mac.doFinal());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no " + HMAC + ". Use a standard one.", e);
        }
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
