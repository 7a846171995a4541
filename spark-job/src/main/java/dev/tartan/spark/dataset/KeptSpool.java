package dev.tartan.spark.dataset;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A spool that outlives the run that wrote it, for the next one on the same rows: one at a time, and not for long. Its
 * files have no names, so they go with the process too. Safe for use by many threads.
 */
final class KeptSpool {
    private static final KeptSpool OF_JVM = new KeptSpool(Duration.ofMinutes(10));

    private final Executor afterIdleTime;
    private @Nullable Entry entry;
    private long numLeft;

    /** Numbered, since the same spool may be taken and left again. */
    private record Entry(long number, SpoolKey key, Spool spool) {}

    /**
     * Keeps nothing yet.
     *
     * @param idleTime how long a spool is kept that nobody wants
     */
    KeptSpool(Duration idleTime) {
        this.afterIdleTime = CompletableFuture.delayedExecutor(idleTime.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** That of this JVM. */
    static KeptSpool ofJvm() {
        return OF_JVM;
    }

    /** Takes the spool of a key, to be given back by {@link #leave}; writes it if it is not here. */
    Spool take(SpoolKey key, Supplier<Spool> write) {
        Entry kept = remove();
        if (kept != null && kept.key().equals(key)) {
            return kept.spool();
        }
        close(kept);
        return write.get();
    }

    /** Keeps a spool that nobody reads, in place of the one before. */
    void leave(SpoolKey key, Spool spool) {
        long number = nextNumber();
        close(replace(new Entry(number, key, spool)));
        afterIdleTime.execute(() -> close(removeNumber(number)));
    }

    private synchronized long nextNumber() {
        return numLeft++;
    }

    /** Gives back what is kept of a shuffle, if anything is. */
    void drop(String application, int shuffle) {
        close(removeOf(application, shuffle));
    }

    private static void close(@Nullable Entry entry) {
        if (entry != null) {
            entry.spool().close();
        }
    }

    private synchronized @Nullable Entry remove() {
        return replace(null);
    }

    private synchronized @Nullable Entry replace(@Nullable Entry next) {
        Entry before = entry;
        entry = next;
        return before;
    }

    private synchronized @Nullable Entry removeNumber(long number) {
        Entry kept = entry;
        return kept != null && kept.number() == number ? remove() : null;
    }

    private synchronized @Nullable Entry removeOf(String application, int shuffle) {
        Entry kept = entry;
        boolean has = kept != null
                && kept.key().application().equals(application)
                && kept.key().shuffle() == shuffle;
        return has ? remove() : null;
    }
}
