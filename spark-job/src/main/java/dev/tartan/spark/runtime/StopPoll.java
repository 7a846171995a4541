package dev.tartan.spark.runtime;

import dev.tartan.train.StopSignal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the driver once a second whether the run is to end gently, on a thread of its own. */
final class StopPoll implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StopPoll.class);
    private static final long PERIOD_MILLIS = 1000;

    private final MeshTaskContext context;
    private final StopSignal signal;
    private final Thread thread = new Thread(this::poll, "tartan-stop-poll");

    StopPoll(MeshTaskContext context, StopSignal signal) {
        this.context = context;
        this.signal = signal;
        thread.setDaemon(true);
        thread.start();
    }

    private void poll() {
        try {
            while (!signal.isRaised()) {
                Thread.sleep(PERIOD_MILLIS);
                if (context.isStopAsked()) {
                    signal.raise();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.warn("driver cannot be asked whether to stop: reason={}", e.getMessage());
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
