package dev.tartan.collective.transport.tcp;

/** All ports of a range are held by other processes, which may end. */
public final class PortsHeldException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    PortsHeldException(String message, Throwable cause) {
        super(message, cause);
    }
}
