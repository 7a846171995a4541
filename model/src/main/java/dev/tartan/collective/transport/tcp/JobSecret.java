package dev.tartan.collective.transport.tcp;

import java.security.SecureRandom;

/** What all ranks of a job hold and nobody else. Never printed; immutable. */
public final class JobSecret {
    /** Length of a proof and of a nonce. */
    static final int PROOF_BYTES = 32;

    /** Fewest bytes that a secret may have. */
    public static final int LEAST_BYTES = 16;

    private static final SecureRandom RANDOM = new SecureRandom();

    private final byte[] bytes;

    private JobSecret(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * Takes a secret from elsewhere.
     *
     * @throws IllegalArgumentException if it has fewer than 16 bytes
     */
    public static JobSecret of(byte[] bytes) {
        if (bytes.length < LEAST_BYTES) {
            throw new IllegalArgumentException("job secret is too short: bytes=" + bytes.length + ". Give at least "
                    + LEAST_BYTES + " random bytes.");
        }
        return new JobSecret(bytes.clone());
    }

    /** Makes a new secret of 32 random bytes. */
    public static JobSecret random() {
        return new JobSecret(nonce());
    }

    /** The secret itself, to be handed to the other ranks on a trusted way. */
    public byte[] bytes() {
        return bytes.clone();
    }

    /** Fresh random bytes. */
    static byte[] nonce() {
        byte[] nonce = new byte[PROOF_BYTES];
        RANDOM.nextBytes(nonce);
        return nonce;
    }

    @Override
    public String toString() {
        return "JobSecret[hidden]";
    }
}
