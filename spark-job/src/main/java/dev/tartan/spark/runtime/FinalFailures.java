package dev.tartan.spark.runtime;

import java.io.InterruptedIOException;
import java.nio.channels.ClosedChannelException;
import org.apache.spark.TaskKilledException;
import org.apache.spark.api.plugin.PluginContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a task does about a failure that must not be tried again. */
final class FinalFailures {
    private static final Logger LOG = LoggerFactory.getLogger(FinalFailures.class);

    private FinalFailures() {}

    /** Whether {@code failure} comes of the interrupt by which Spark ends a task, such as a file closed by it. */
    static boolean isOfInterrupt(Exception failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof InterruptedException
                    || cause instanceof InterruptedIOException
                    || cause instanceof ClosedChannelException
                    || cause instanceof TaskKilledException) {
                return true;
            }
        }
        return false;
    }

    /**
     * Tells the driver and returns when it knows. If it cannot be told, that is logged: the outcome then reaches it
     * only if all other tasks of the mesh succeed.
     */
    static void tell(String runId, TaskOutcome failed, @Nullable PluginContext plugin) {
        byte[] failure = failed.failure();
        if (plugin == null || failure == null) {
            return;
        }
        boolean interrupted = Thread.interrupted();
        try {
            plugin.ask(new FinalFailureMessage(runId, failed.taskIndex(), failure));
        } catch (InterruptedException e) {
            // It was sent before the wait for the answer.
            interrupted = true;
        } catch (Exception e) {
            LOG.warn("driver cannot be told of a failure: run={}, reason={}", runId, e.toString());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
