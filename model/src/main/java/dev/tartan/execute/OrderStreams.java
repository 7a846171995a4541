package dev.tartan.execute;

import dev.tartan.execute.Step.Blocking;
import dev.tartan.execute.Step.Join;
import dev.tartan.execute.Step.Local;
import dev.tartan.execute.Step.Started;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Decides which events a rank's streams need, from what each step touches. The stream for computing has local steps and
 * blocking collectives in the order of the program; each communicator has a stream for those that are started.
 *
 * <ul>
 *   <li>A started collective waits for what was computed before it if that conflicts with it and its stream has not
 *       waited for it already.
 *   <li>Where the program awaits, computing waits for the last collective of each stream that conflicts with a step
 *       before the next await. Those before it on its stream are then done too. Nothing else is waited for there: what
 *       no step conflicts with is waited for by a later await or at the end.
 *   <li>A collective that copies beside its calls is joined before another on its stream that touches the same memory,
 *       and which then waits for what was computed: the order of their calls says too little.
 *   <li>A blocking collective waits for what its communicator was given before.
 * </ul>
 *
 * <p>Example, all on one communicator: {@code start a; start b; f; await a; await b; g(b)}. There is one wait, for b,
 * at the second await: no step before that touches a or b, and a is done when b is.
 */
final class OrderStreams {
    private final List<Step> steps;
    private final Map<CommunicationStream, List<Started>> underWay = new LinkedHashMap<>();
    /** By stream, the number of steps that it has waited for. */
    private final Map<CommunicationStream, Integer> known = new LinkedHashMap<>();
    /** What became part of the stream for computing, and with which step. */
    private final List<Joined> joined = new ArrayList<>();

    private record Joined(Started what, int at) {}

    private OrderStreams(List<Step> steps) {
        this.steps = steps;
    }

    /**
     * Fills the steps' waits in.
     *
     * @param steps in the order of the program, with an empty join for each of its awaits and one at the end
     */
    static void run(List<Step> steps) {
        new OrderStreams(steps).order();
    }

    private void order() {
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            if (step instanceof Started started) {
                start(started, i);
            } else if (step instanceof Blocking blocking) {
                join(i, i, i + 1, blocking.before());
            } else if (step instanceof Join join) {
                int next = nextJoin(i);
                if (next == steps.size()) {
                    joinAll(i, join);
                } else {
                    join(i, i + 1, next, join);
                }
            }
        }
    }

    private int nextJoin(int index) {
        int next = index + 1;
        while (next < steps.size() && !(steps.get(next) instanceof Join)) {
            next++;
        }
        return next;
    }

    private void start(Started started, int index) {
        int from = known.getOrDefault(started.stream(), 0);
        boolean conflicts = joined.stream()
                .anyMatch(other -> other.at() >= from
                        && (other.what().stream() != started.stream() || started.isAheadOf(other.what()))
                        && other.what().use().conflictsWith(started.use()));
        for (int i = from; i < index && !conflicts; i++) {
            MemoryUse computed = computed(steps.get(i));
            conflicts = computed != null && computed.conflictsWith(started.use());
        }
        if (conflicts) {
            started.needReady();
            known.put(started.stream(), index);
        }
        underWay.computeIfAbsent(started.stream(), stream -> new ArrayList<>()).add(started);
    }

    /** What a step touches in the stream for computing, or null. */
    private static @Nullable MemoryUse computed(Step step) {
        if (step instanceof Local local) {
            return local.use();
        }
        return step instanceof Blocking blocking ? blocking.use() : null;
    }

    /** Joins what steps from one to another, that excluded, conflict with. */
    private void join(int at, int from, int to, Join join) {
        underWay.values().forEach(all -> {
            int last = -1;
            for (int i = from; i < to; i++) {
                for (int k = all.size() - 1; k > last; k--) {
                    if (conflict(all.get(k), steps.get(i))) {
                        last = k;
                    }
                }
            }
            joinUpTo(at, all, last, join);
        });
    }

    private static boolean conflict(Started earlier, Step later) {
        if (later instanceof Started other) {
            return other.stream() == earlier.stream()
                    ? other.isAheadOf(earlier)
                    : other.use().conflictsWith(earlier.use());
        }
        MemoryUse use = computed(later);
        return use != null && use.conflictsWith(earlier.use());
    }

    private void joinAll(int at, Join join) {
        underWay.values().forEach(all -> joinUpTo(at, all, all.size() - 1, join));
    }

    private void joinUpTo(int at, List<Started> all, int last, Join join) {
        if (last >= 0) {
            join.add(all.get(last));
            List<Started> done = all.subList(0, last + 1);
            done.forEach(each -> joined.add(new Joined(each, at)));
            done.clear();
        }
    }
}
