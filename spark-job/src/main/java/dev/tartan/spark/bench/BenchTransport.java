package dev.tartan.spark.bench;

import java.util.Locale;

/** How ranks reach each other while they are measured. */
public enum BenchTransport {
    /** Threads of one process. */
    LOCAL,
    /** Processes of one machine, through memory they share. */
    SHM,
    /** Processes, through sockets over loopback. */
    TCP;

    private final String label = name().toLowerCase(Locale.ROOT);

    /** The name in options and reports, as of {@link dev.tartan.collective.transport.Transport#linkKinds}. */
    public String label() {
        return label;
    }
}
