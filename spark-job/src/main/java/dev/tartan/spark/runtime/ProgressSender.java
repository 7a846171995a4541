package dev.tartan.spark.runtime;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends a task's reports from a thread of its own, so that training never waits for the network; what piles up while
 * one message is on its way, and for a moment after it, goes with the next. Without that moment short steps would wake
 * threads here and on the driver one by one, which takes cores from ranks. Safe for use by many threads.
 */
final class ProgressSender implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ProgressSender.class);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);
    /** People see no difference. */
    private static final Duration MOMENT = Duration.ofMillis(50);

    private final DriverLink driver;
    private final int attempt;
    private final LinkedBlockingQueue<Object> queue = new LinkedBlockingQueue<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread = new Thread(this::sendAll, "tartan-progress");

    /** Starts the thread. */
    ProgressSender(DriverLink driver, int attempt) {
        this.driver = driver;
        this.attempt = attempt;
        thread.setDaemon(true);
        thread.start();
    }

    void send(Object report) {
        queue.add(report);
    }

    /** Sends what is left and waits until the driver has it all, for a short while at most. */
    @Override
    public void close() {
        queue.add(End.END);
        closing.countDown();
        boolean interrupted = Thread.interrupted();
        try {
            thread.join(CLOSE_LIMIT.toMillis());
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
            while (true) {
                List<Object> reports = new ArrayList<>();
                reports.add(queue.take());
                queue.drainTo(reports);
                boolean last = reports.remove(End.END);
                TaskMessage message = new TaskMessage.Progress(attempt, reports);
                if (last) {
                    driver.ask(message, CLOSE_LIMIT);
                    return;
                }
                driver.send(message);
                boolean unused = closing.await(MOMENT.toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            // Some are checked, which Scala does not declare. The task's result holds everything again, so a lost
            // message costs the progress display only.
            LOG.warn("progress cannot be sent: reason={}", e.toString());
        }
    }

    private enum End {
        END
    }
}
