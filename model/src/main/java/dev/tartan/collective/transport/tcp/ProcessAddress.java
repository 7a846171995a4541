package dev.tartan.collective.transport.tcp;

/**
 * Where one process of a mesh listens.
 *
 * @param executor its name as the cluster knows it
 * @param host name or address, resolved whenever it is connected to
 * @param port see {@link TcpEndpoint#port}
 * @param machine a text that is equal for processes of one machine and different for others, such as the kernel's boot
 *     id; empty if unknown
 */
public record ProcessAddress(String executor, String host, int port, String machine) {
    /** For example {@code Executor 3 at node7:40001}. */
    String describe() {
        return "Executor " + executor + " at " + host + ":" + port;
    }
}
