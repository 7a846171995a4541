package dev.tartan.train.config;

/**
 * How ranks communicate; all of it but {@code algorithm} and {@code timeoutSeconds} matters only between processes.
 *
 * @param transport how ranks in different processes reach each other
 * @param algorithm of all-reduce; naming one fixes it for all all-reduces, also within one process. With {@code shared}
 *     and {@code direct} all sums, those of reduce-scatter too, are rounded in the order of ranks, and so are bitwise
 *     the same however ranks are spread over processes
 * @param segmentBytes most bytes of a pipelined message; a multiple of 8
 * @param timeoutSeconds the longest a rank waits within one call
 * @param connectTimeoutSeconds the longest it may take until all ranks have joined, and until two are connected
 * @param silenceSeconds after how long without a sign of life a process counts as frozen; see
 *     {@link dev.tartan.collective.transport.tcp.TcpOptions#defaults} for how long a pause may be
 * @param bindAddress host name or address that ranks listen on; empty for the executor's own as Spark knows it
 * @param portRange ports that ranks listen on, such as {@code 40000-40100} or {@code 40000}; {@code 0} for any
 * @param encrypt whether all connections are encrypted, even if Spark does not ask for it; processes of one host then
 *     use TCP, too
 * @param streams TCP connections per pair of ranks, 0 to leave the number to Tartan
 * @param messageDelayMillis for experiments: how much later every message between processes is sent, on the thread that
 *     runs the collective; 0 for none
 */
public record CollectiveConfig(
        Transport transport,
        Algorithm algorithm,
        int segmentBytes,
        int timeoutSeconds,
        int connectTimeoutSeconds,
        int silenceSeconds,
        String bindAddress,
        String portRange,
        boolean encrypt,
        int streams,
        int messageDelayMillis) {

    private static final int SEGMENT_BYTES = 262_144;
    private static final int TIMEOUT_SECONDS = 300;
    private static final int CONNECT_TIMEOUT_SECONDS = 60;
    private static final int SILENCE_SECONDS = 12;

    /** What a config that says nothing means. */
    public static CollectiveConfig defaults() {
        return new CollectiveConfig(
                Transport.AUTO,
                Algorithm.AUTO,
                SEGMENT_BYTES,
                TIMEOUT_SECONDS,
                CONNECT_TIMEOUT_SECONDS,
                SILENCE_SECONDS,
                "",
                "0",
                false,
                0,
                0);
    }

    /** How ranks in different processes reach each other. */
    public enum Transport {
        /** Shared memory between processes of one host where possible and nothing is encrypted, else TCP. */
        AUTO,
        TCP,
        SHM
    }

    /** How all-reduce is done. */
    public enum Algorithm {
        /** The one that a fixed table has for the size and the group, so that equal runs are bitwise equal. */
        AUTO,
        SHARED,
        RING,
        DOUBLING,
        HALVING_DOUBLING,
        DIRECT,
        HIERARCHICAL
    }
}
