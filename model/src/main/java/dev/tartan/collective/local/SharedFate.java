package dev.tartan.collective.local;

import dev.tartan.collective.CollectiveException.Reason;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Groups that end together: the first failure in any of them is everybody's. A rank that waits in one group for a rank
 * stuck in another is so released at once, not when its own deadline comes.
 */
final class SharedFate {
    /**
     * Why the groups ended.
     *
     * @param what one sentence without its full stop
     */
    record Failure(Reason reason, String what, @Nullable Throwable cause) {}

    private final AtomicReference<@Nullable Failure> failure = new AtomicReference<>();
    private final List<LocalGroup> groups = new CopyOnWriteArrayList<>();

    void join(LocalGroup group) {
        groups.add(group);
    }

    @Nullable
    Failure failure() {
        return failure.get();
    }

    /** Ends the groups, unless they ended before; returns the first failure. */
    Failure end(Failure candidate) {
        Failure first = failure.compareAndExchange(null, candidate);
        if (first != null) {
            return first;
        }
        for (LocalGroup group : groups) {
            group.wakeAll();
        }
        return candidate;
    }
}
