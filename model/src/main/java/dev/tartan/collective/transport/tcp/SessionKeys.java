package dev.tartan.collective.transport.tcp;

import java.nio.charset.StandardCharsets;

/**
 * What one end of a connection encrypts and decrypts with. Derived as by HKDF (RFC 5869) from a key of the mesh and the
 * fresh random bytes that each end gave in the handshake, so that no two connections share a key. Who learns the secret
 * later can read what was recorded before: there is no key exchange.
 *
 * @param sending key of the records this end sends
 * @param receiving key of the records this end receives
 */
record SessionKeys(TrafficKey sending, TrafficKey receiving) {
    private static final String TO_ACCEPTOR = "tartan initiator to acceptor";
    private static final String TO_INITIATOR = "tartan acceptor to initiator";

    /**
     * The keys of one connection.
     *
     * @param hello the initiator's first message, which has its random bytes
     * @param nonce the acceptor's random bytes
     * @param initiates whether this end opened the connection
     */
    static SessionKeys derive(MeshKeys keys, byte[] hello, byte[] nonce, boolean initiates) {
        byte[] pseudorandomKey = keys.session(hello, nonce);
        TrafficKey toAcceptor = TrafficKey.expand(pseudorandomKey, TO_ACCEPTOR.getBytes(StandardCharsets.US_ASCII));
        TrafficKey toInitiator = TrafficKey.expand(pseudorandomKey, TO_INITIATOR.getBytes(StandardCharsets.US_ASCII));
        return initiates ? new SessionKeys(toAcceptor, toInitiator) : new SessionKeys(toInitiator, toAcceptor);
    }
}
