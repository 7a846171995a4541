package dev.tartan.backend;

/** What a stream is for. */
public enum StreamUse {
    /** Kernels and copies, and all that has to wait for them. */
    COMPUTE,
    /** Collectives that run while something else is computed; they go first where both want the device. */
    COMMUNICATION,
    /** Copies between the memories of device and host, beside what is computed and communicated. */
    COPY
}
