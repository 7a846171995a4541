package dev.tartan.collective;

import dev.tartan.collective.CollectiveException.Reason;
import org.jspecify.annotations.Nullable;

/**
 * Why groups ended.
 *
 * @param what one sentence without its full stop
 */
public record GroupFailure(
        Reason reason, String what, @Nullable Throwable cause) {}
