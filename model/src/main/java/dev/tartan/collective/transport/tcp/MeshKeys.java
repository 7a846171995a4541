package dev.tartan.collective.transport.tcp;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * What processes of one mesh prove themselves with. Derived by HKDF from the job's secret, which under
 * {@code spark.authenticate} is Spark's own, and from the mesh's {@link MeshId}: neither is the secret itself ever a
 * key, nor does a key serve two meshes or two purposes. Never printed; immutable.
 */
final class MeshKeys {
    private static final byte[] SALT = ascii("tartan mesh keys");
    private static final byte[] PROOFS = ascii("tartan handshake");
    private static final byte[] SESSIONS = ascii("tartan session keys");

    private final byte[] digest;
    private final byte[] proofKey;
    private final byte[] sessionKey;

    private MeshKeys(byte[] digest, byte[] proofKey, byte[] sessionKey) {
        this.digest = digest;
        this.proofKey = proofKey;
        this.sessionKey = sessionKey;
    }

    /** The keys of one mesh. */
    static MeshKeys derive(JobSecret secret, MeshId mesh) {
        byte[] digest = mesh.digest();
        byte[] pseudorandomKey = Hkdf.extract(SALT, secret.bytes());
        return new MeshKeys(
                digest,
                Hkdf.expand(pseudorandomKey, concat(PROOFS, digest)),
                Hkdf.expand(pseudorandomKey, concat(SESSIONS, digest)));
    }

    /** See {@link MeshId#digest}. */
    byte[] digest() {
        return digest.clone();
    }

    /** HMAC-SHA256 over a role and the messages exchanged so far; the role keeps one side from echoing the other. */
    byte[] proof(String role, byte[] hello, byte[] nonce) {
        return Hkdf.hmac(proofKey, ascii(role), new byte[1], hello, nonce);
    }

    /** Whether a proof is right, in the same time whether or not. */
    boolean proves(byte[] proof, String role, byte[] hello, byte[] nonce) {
        return MessageDigest.isEqual(proof, proof(role, hello, nonce));
    }

    /** What the keys of one connection are expanded from. */
    byte[] session(byte[] hello, byte[] nonce) {
        return Hkdf.extract(sessionKey, concat(hello, nonce));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] both = new byte[first.length + second.length];
        System.arraycopy(first, 0, both, 0, first.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    @Override
    public String toString() {
        return "MeshKeys[hidden]";
    }
}
