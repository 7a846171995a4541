package dev.tartan.collective.transport;

/** What carries messages between two ranks. */
public enum Carrier {
    /** The memory of their process. */
    LOCAL,
    /** Memory that two processes of a machine share. */
    SHM,
    /** Sockets. */
    TCP
}
