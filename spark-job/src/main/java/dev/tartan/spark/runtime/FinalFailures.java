package dev.tartan.spark.runtime;

import java.io.InterruptedIOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import org.apache.spark.TaskKilledException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a task does about a failure that must not be tried again. */
final class FinalFailures {
    private static final Logger LOG = LoggerFactory.getLogger(FinalFailures.class);
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

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
    static void tell(DriverLink driver, int attempt, TaskOutcome failed) {
        boolean interrupted = Thread.interrupted();
        try {
            driver.ask(new TaskMessage.FinalFailure(attempt, failed), TIMEOUT);
        } catch (InterruptedException e) {
            // It was sent before the wait for the answer.
            interrupted = true;
        } catch (Exception e) {
            LOG.warn("driver cannot be told of a failure: task={}, reason={}", failed.taskIndex(), e.toString());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
