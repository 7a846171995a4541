package dev.tartan.spark.runtime;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.spark.api.plugin.PluginContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends a task's messages from a thread of its own, so that training never waits for the network; what piles up while
 * one message is on its way goes with the next. Safe for use by many threads.
 */
final class ProgressSender implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ProgressSender.class);
    private static final long CLOSE_MILLIS = 2000;

    private final String runId;
    private final int attempt;
    private final @Nullable PluginContext plugin;
    private final LinkedBlockingQueue<Serializable> queue = new LinkedBlockingQueue<>();
    private final Thread thread = new Thread(this::sendAll, "tartan-progress");

    /** Starts the thread; with no plugin, messages are dropped. */
    ProgressSender(String runId, int attempt, @Nullable PluginContext plugin) {
        this.runId = runId;
        this.attempt = attempt;
        this.plugin = plugin;
        thread.setDaemon(true);
        thread.start();
    }

    void send(Serializable message) {
        queue.add(message);
    }

    /** Sends what is left, for a short while at most. */
    @Override
    public void close() {
        queue.add(End.END);
        boolean interrupted = Thread.interrupted();
        try {
            thread.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        thread.interrupt();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void sendAll() {
        try {
            boolean open = true;
            while (open) {
                ArrayList<Serializable> messages = new ArrayList<>();
                messages.add(queue.take());
                queue.drainTo(messages);
                open = !messages.remove(End.END);
                if (!messages.isEmpty() && plugin != null) {
                    plugin.send(new ProgressMessage(runId, attempt, messages));
                }
            }
        } catch (IOException | RuntimeException e) {
            // The task's result holds everything again, so a lost message costs the progress display only.
            LOG.warn("progress message cannot be sent: run={}, reason={}", runId, e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private enum End {
        END
    }
}
