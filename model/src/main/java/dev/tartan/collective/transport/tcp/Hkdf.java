package dev.tartan.collective.transport.tcp;

import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** HKDF with SHA-256 (RFC 5869), for keys of 32 bytes. */
final class Hkdf {
    private static final String HMAC = "HmacSHA256";

    private Hkdf() {}

    /** Section 2.2: a key of which nothing but the input can be told, from input of any length. */
    static byte[] extract(byte[] salt, byte[] input) {
        return hmac(salt, input);
    }

    /** Section 2.3: the first block, for a use that {@code info} names. */
    static byte[] expand(byte[] pseudorandomKey, byte[] info) {
        return hmac(pseudorandomKey, info, new byte[] {1});
    }

    /** HMAC-SHA256 over the parts. */
    static byte[] hmac(byte[] key, byte[]... parts) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(key, HMAC));
            for (byte[] part : parts) {
                mac.update(part);
            }
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no " + HMAC + ". Use a standard one.", e);
        }
    }
}
