package dev.tartan.spark.runtime;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Tries to connect to a standalone cluster's master, because Spark itself takes a minute to give up and then fails
 * somewhere else. Other kinds of master are left to Spark.
 */
public final class ReachableMaster {
    private static final String SCHEME = "spark://";
    private static final int DEFAULT_PORT = 7077;

    private ReachableMaster() {}

    /**
     * Connects to each of the masters in {@code spark://host:port,host:port} until one answers.
     *
     * @throws IllegalArgumentException if none does within the time each
     */
    public static void check(String master, Duration timeout) {
        if (!master.startsWith(SCHEME)) {
            return;
        }
        List<String> failures = new ArrayList<>();
        for (String address : master.substring(SCHEME.length()).split(",", -1)) {
            try (Socket socket = new Socket()) {
                socket.connect(socketAddress(address), Math.toIntExact(timeout.toMillis()));
                return;
            } catch (IOException | IllegalArgumentException e) {
                failures.add(address + ": " + e.getMessage());
            }
        }
        throw new IllegalArgumentException("Spark master cannot be reached: master=" + master + ", reason="
                + String.join("; ", failures) + ". Check --master, and that the master runs.");
    }

    private static InetSocketAddress socketAddress(String address) {
        int colon = address.lastIndexOf(':');
        return colon < 0
                ? new InetSocketAddress(address, DEFAULT_PORT)
                : new InetSocketAddress(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
    }
}
