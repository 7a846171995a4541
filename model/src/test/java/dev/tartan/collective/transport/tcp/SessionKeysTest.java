package dev.tartan.collective.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

class SessionKeysTest {
    private static final JobSecret SECRET = JobSecret.random();
    private static final byte[] HELLO = new byte[HandshakeDescriptor.HELLO_BYTES];
    private static final byte[] NONCE = JobSecret.nonce();

    @Test
    void bothEndsDeriveTheSameTwoKeys() {
        SessionKeys initiator = SessionKeys.derive(SECRET, HELLO, NONCE, true);
        SessionKeys acceptor = SessionKeys.derive(SECRET, HELLO, NONCE, false);
        assertThat(initiator.sending().aes()).isEqualTo(acceptor.receiving().aes());
        assertThat(initiator.receiving().aes()).isEqualTo(acceptor.sending().aes());
    }

    @Test
    void everySecretConnectionAndDirectionHasItsOwnKey() {
        byte[] otherHello = HELLO.clone();
        otherHello[HELLO.length - 1] = 1;
        Set<SecretKeySpec> keys = new HashSet<>();
        for (SessionKeys session : new SessionKeys[] {
            SessionKeys.derive(SECRET, HELLO, NONCE, true),
            SessionKeys.derive(SECRET, otherHello, NONCE, true),
            SessionKeys.derive(SECRET, HELLO, JobSecret.nonce(), true),
            SessionKeys.derive(JobSecret.random(), HELLO, NONCE, true)
        }) {
            keys.add(session.sending().aes());
            keys.add(session.receiving().aes());
            keys.add(session.sending().next().aes());
        }
        assertThat(keys).hasSize(12);
    }

    @Test
    void noProofOfTheHandshakeIsAKey() {
        SessionKeys session = SessionKeys.derive(SECRET, HELLO, NONCE, true);
        for (String role : new String[] {HandshakeDescriptor.INITIATOR, HandshakeDescriptor.ACCEPTOR}) {
            byte[] proof = SECRET.proof(role, HELLO, NONCE);
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

    @Test
    void keysAreNeverPrinted() {
        SessionKeys session = SessionKeys.derive(SECRET, HELLO, NONCE, true);
        assertThat(session).hasToString("SessionKeys[sending=TrafficKey[hidden], receiving=TrafficKey[hidden]]");
    }
}
