package dev.tartan.spark.cli;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/** Prints a line every few seconds of work that goes through bytes. Used by one thread. */
final class ByteProgress implements LongConsumer {
    private static final long INTERVAL_NANOS = Duration.ofSeconds(3).toNanos();

    private final PrintStream out;
    private final String verb;
    private final long total;
    private final LongSupplier nanoTime;
    private final long startNanos;
    private long lastNanos;
    private long done;

    /**
     * Begins.
     *
     * @param verb what is done to the bytes, in the past
     * @param total how many there are
     */
    ByteProgress(PrintStream out, String verb, long total) {
        this(out, verb, total, System::nanoTime);
    }

    ByteProgress(PrintStream out, String verb, long total, LongSupplier nanoTime) {
        this.out = out;
        this.verb = verb;
        this.total = total;
        this.nanoTime = nanoTime;
        this.startNanos = nanoTime.getAsLong();
        this.lastNanos = startNanos;
    }

    /** More bytes are done. */
    @Override
    public void accept(long bytes) {
        done += bytes;
        long now = nanoTime.getAsLong();
        if (now - lastNanos < INTERVAL_NANOS || done >= total) {
            return;
        }
        lastNanos = now;
        double seconds = (now - startNanos) / 1e9;
        long left = Math.round(seconds / done * (total - done));
        out.printf(
                Locale.ROOT,
                "%s %s of %s  %s/s  left %d:%02d%n",
                verb,
                ByteSize.text(done),
                ByteSize.text(total),
                ByteSize.text(Math.round(done / seconds)),
                left / 60,
                left % 60);
    }
}
