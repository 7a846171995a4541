package dev.tartan.collective.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

class SessionKeysTest {
    private static final MeshKeys KEYS = MeshKeys.derive(JobSecret.random(), MeshId.ONLY);
    private static final byte[] HELLO = new byte[HandshakeDescriptor.HELLO_BYTES];
    private static final byte[] NONCE = JobSecret.nonce();

    @Test
    void bothEndsDeriveTheSameTwoKeys() {
        SessionKeys initiator = SessionKeys.derive(KEYS, HELLO, NONCE, true);
        SessionKeys acceptor = SessionKeys.derive(KEYS, HELLO, NONCE, false);
        assertThat(initiator.sending().aes()).isEqualTo(acceptor.receiving().aes());
        assertThat(initiator.receiving().aes()).isEqualTo(acceptor.sending().aes());
    }

    @Test
    void everySecretConnectionAndDirectionHasItsOwnKey() {
        byte[] otherHello = HELLO.clone();
        otherHello[HELLO.length - 1] = 1;
        Set<SecretKeySpec> keys = new HashSet<>();
        for (SessionKeys session : new SessionKeys[] {
            SessionKeys.derive(KEYS, HELLO, NONCE, true),
            SessionKeys.derive(KEYS, otherHello, NONCE, true),
            SessionKeys.derive(KEYS, HELLO, JobSecret.nonce(), true),
            SessionKeys.derive(MeshKeys.derive(JobSecret.random(), MeshId.ONLY), HELLO, NONCE, true)
        }) {
            keys.add(session.sending().aes());
            keys.add(session.receiving().aes());
            keys.add(session.sending().next().aes());
        }
        assertThat(keys).hasSize(12);
    }

    @Test
    void noProofOfTheHandshakeIsAKey() {
        SessionKeys session = SessionKeys.derive(KEYS, HELLO, NONCE, true);
        for (String role : new String[] {HandshakeDescriptor.INITIATOR, HandshakeDescriptor.ACCEPTOR}) {
            byte[] proof = KEYS.proof(role, HELLO, NONCE);
            assertThat(session.sending().aes().getEncoded()).isNotEqualTo(proof);
            assertThat(session.receiving().aes().getEncoded()).isNotEqualTo(proof);
        }
    }

    /** RFC 5869, appendix A.1, the first of its two blocks. */
    @Test
    void keysAreExpandedAsInTheRfc() {
        HexFormat hex = HexFormat.of();
        byte[] prk = hex.parseHex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
        TrafficKey key = TrafficKey.expand(prk, hex.parseHex("f0f1f2f3f4f5f6f7f8f9"));
        assertThat(hex.formatHex(key.aes().getEncoded()))
                .isEqualTo("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
    }

    /** RFC 5869, appendix A.1. */
    @Test
    void keysAreExtractedAsInTheRfc() {
        HexFormat hex = HexFormat.of();
        byte[] input = hex.parseHex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
        byte[] key = Hkdf.extract(hex.parseHex("000102030405060708090a0b0c"), input);
        assertThat(hex.formatHex(key)).isEqualTo("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    }

    @Test
    void everyRunAndAttemptHasItsOwnKeys() {
        JobSecret secret = JobSecret.random();
        Set<String> proofs = new HashSet<>();
        for (MeshId mesh : new MeshId[] {
            MeshId.ONLY, new MeshId("a", 0), new MeshId("a", 1), new MeshId("b", 0), new MeshId("1 a", 1)
        }) {
            MeshKeys keys = MeshKeys.derive(secret, mesh);
            assertThat(MeshKeys.derive(secret, mesh).digest()).isEqualTo(keys.digest());
            proofs.add(HexFormat.of().formatHex(keys.digest()));
            proofs.add(HexFormat.of().formatHex(keys.proof("a", HELLO, NONCE)));
            proofs.add(HexFormat.of().formatHex(keys.session(HELLO, NONCE)));
        }
        assertThat(proofs).hasSize(15);
    }

    @Test
    void keysAreNeverPrinted() {
        assertThat(KEYS).hasToString("MeshKeys[hidden]");
        SessionKeys session = SessionKeys.derive(KEYS, HELLO, NONCE, true);
        assertThat(session).hasToString("SessionKeys[sending=TrafficKey[hidden], receiving=TrafficKey[hidden]]");
    }
}
