package dev.tartan.collective.transport.tcp;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * Which mesh a process belongs to. The keys of a mesh are derived from it ({@link MeshKeys}), so that a process of an
 * earlier attempt, or of another run that holds the same secret, cannot join.
 *
 * @param run a text that no other run has
 * @param attempt how often the run's processes were started before
 */
public record MeshId(String run, int attempt) {
    /** Length of a {@link #digest}. */
    static final int DIGEST_BYTES = 16;

    /** The only mesh that ever holds its secret, as in measurements. */
    public static final MeshId ONLY = new MeshId("", 0);

    private static final String DIGEST = "SHA-256";

    /** A number that tells meshes apart; no secret. */
    byte[] digest() {
        try {
            byte[] name = ("tartan mesh " + attempt + " " + run).getBytes(StandardCharsets.UTF_8);
            return Arrays.copyOf(MessageDigest.getInstance(DIGEST).digest(name), DIGEST_BYTES);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no " + DIGEST + ". Use a standard one.", e);
        }
    }
}
