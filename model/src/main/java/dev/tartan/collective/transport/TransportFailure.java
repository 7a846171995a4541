package dev.tartan.collective.transport;

import dev.tartan.collective.CollectiveException.Reason;
import org.jspecify.annotations.Nullable;

/**
 * Why a group ended, as one rank first learned it.
 *
 * @param sequence the number of the call it is about
 * @param what one sentence without its full stop
 */
public record TransportFailure(
        Reason reason, long sequence, String what, @Nullable Throwable cause) {}
