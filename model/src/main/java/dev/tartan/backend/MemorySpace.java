package dev.tartan.backend;

/** Which memory a tensor lies in, and so who can reach it. */
public enum MemorySpace {
    /** The host's, as the operating system gives it. */
    HOST,
    /** The host's, kept in place so that a device can copy from and to it while others work. */
    PINNED_HOST,
    /** A device's own: neither the host's CPU nor its network reach it by address. */
    DEVICE;

    /** Whether the CPU can read and write it. */
    public boolean isHost() {
        return this != DEVICE;
    }
}
