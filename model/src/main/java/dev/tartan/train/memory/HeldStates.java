package dev.tartan.train.memory;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What processes of failed attempts hold in this JVM, until the next attempt takes it, another run begins, or its time
 * is up. Safe for use by many threads.
 */
public final class HeldStates {
    private static final HeldStates OF_JVM = new HeldStates();

    private final Map<AttemptPlace, Entry> entries = new HashMap<>();
    private final List<AttemptPlace> begun = new ArrayList<>();
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, work -> {
        Thread thread = new Thread(work, "tartan-held-memory");
        thread.setDaemon(true);
        return thread;
    });

    private long numPut;

    /** Numbered, so that one that is held again outlives the end of its first time. */
    private record Entry(long number, HeldProcess process, ScheduledFuture<?> end) {}

    private HeldStates() {
        timer.setKeepAliveTime(1, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
        timer.setRemoveOnCancelPolicy(true);
    }

    /** That of this JVM. */
    public static HeldStates ofJvm() {
        return OF_JVM;
    }

    /**
     * An attempt begins: what was held for other runs, or cannot be used by it, is freed, and the rest is held for so
     * long again.
     *
     * @param layout of the attempt's plan
     */
    public synchronized void begin(AttemptPlace owner, String layout, Duration limit) {
        begun.removeIf(other -> !other.run().equals(owner.run()) || other.sameRunAndPlace(owner));
        begun.add(owner);
        for (AttemptPlace held : List.copyOf(entries.keySet())) {
            if (!held.run().equals(owner.run())) {
                free(held);
            } else if (held.sameRunAndPlace(owner)) {
                HeldProcess process = remove(held);
                if (process.layout().equals(layout)) {
                    put(process, limit);
                } else {
                    process.free();
                }
            }
        }
    }

    /**
     * Holds memory that is given away by this call; frees it instead if a later attempt has begun there, or any of
     * another run.
     */
    public synchronized void hold(HeldProcess process, Duration limit) {
        AttemptPlace owner = process.owner();
        boolean late = begun.stream()
                .anyMatch(other -> !other.run().equals(owner.run())
                        || (other.sameRunAndPlace(owner) && other.attempt() > owner.attempt()));
        if (late) {
            process.free();
            return;
        }
        for (AttemptPlace held : List.copyOf(entries.keySet())) {
            if (held.sameRunAndPlace(owner)) {
                free(held);
            }
        }
        put(process, limit);
    }

    /** Which process of the run it was that left something at this place; empty if nothing is held. */
    public synchronized OptionalInt process(AttemptPlace owner) {
        return entries.values().stream()
                .map(Entry::process)
                .filter(process -> process.owner().sameRunAndPlace(owner))
                .mapToInt(HeldProcess::process)
                .findFirst();
    }

    /** Takes what is held for an attempt; null if nothing is. */
    public synchronized @Nullable HeldProcess take(AttemptPlace owner) {
        for (AttemptPlace held : entries.keySet()) {
            if (held.sameRunAndPlace(owner)) {
                return remove(held);
            }
        }
        return null;
    }

    /** How many ranks' memory is held. */
    public synchronized int numRanks() {
        return entries.values().stream()
                .mapToInt(entry -> entry.process().ranks().size())
                .sum();
    }

    private void put(HeldProcess process, Duration limit) {
        long number = numPut++;
        AttemptPlace owner = process.owner();
        ScheduledFuture<?> end = timer.schedule(() -> expire(owner, number), limit.toMillis(), TimeUnit.MILLISECONDS);
        entries.put(owner, new Entry(number, process, end));
    }

    private synchronized void expire(AttemptPlace owner, long number) {
        Entry entry = entries.get(owner);
        if (entry != null && entry.number() == number) {
            free(owner);
        }
    }

    private void free(AttemptPlace owner) {
        remove(owner).free();
    }

    private HeldProcess remove(AttemptPlace owner) {
        Entry entry = entries.remove(owner);
        if (entry == null) {
            throw new IllegalStateException("nothing is held: owner=" + owner);
        }
        entry.end().cancel(false);
        return entry.process();
    }
}
