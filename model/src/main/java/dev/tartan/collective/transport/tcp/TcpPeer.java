package dev.tartan.collective.transport.tcp;

/**
 * Where one rank of a group listens.
 *
 * @param meshRank the rank as users know it
 * @param host name or address, resolved whenever it is connected to
 * @param port see {@link TcpEndpoint#port}
 */
public record TcpPeer(int meshRank, String host, int port) {
    /** For example {@code Rank 3 at node7:40001}. */
    String describe() {
        return "Rank " + meshRank + " at " + host + ":" + port;
    }
}
