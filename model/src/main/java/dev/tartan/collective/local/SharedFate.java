package dev.tartan.collective.local;

import dev.tartan.collective.GroupFailure;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Groups that end together: the first failure in any of them is everybody's. A rank that waits in one group for a rank
 * stuck in another is so released at once, not when its own deadline comes.
 */
final class SharedFate {
    private final AtomicReference<@Nullable GroupFailure> failure = new AtomicReference<>();
    private final List<LocalGroup> groups = new CopyOnWriteArrayList<>();
    private final List<Consumer<GroupFailure>> listeners = new CopyOnWriteArrayList<>();

    /** Is told once, by whoever meets the first failure. */
    void onEnd(Consumer<GroupFailure> listener) {
        listeners.add(listener);
    }

    void join(LocalGroup group) {
        groups.add(group);
    }

    @Nullable
    GroupFailure failure() {
        return failure.get();
    }

    /** Ends the groups, unless they ended before; returns the first failure. */
    GroupFailure end(GroupFailure candidate) {
        GroupFailure first = failure.compareAndExchange(null, candidate);
        if (first != null) {
            return first;
        }
        for (LocalGroup group : groups) {
            group.wakeAll();
        }
        listeners.forEach(listener -> listener.accept(candidate));
        return candidate;
    }
}
