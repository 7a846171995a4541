package dev.tartan.collective.local;

import dev.tartan.collective.CommunicationCounters;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.GroupFailure;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.MeshCommunicators;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * All groups of a mesh whose ranks are threads of this process. Groups are made when first asked for and end together:
 * a failure in one releases the ranks waiting in any.
 */
public final class LocalMesh implements MeshCommunicators {
    private final MeshAxes axes;
    private final Duration timeout;
    private final boolean hasThreads;
    private final SharedFate fate = new SharedFate();
    private final Map<List<String>, Map<Integer, Communicator>> byAxes = new LinkedHashMap<>();

    private LocalMesh(MeshAxes axes, Duration timeout, boolean hasThreads) {
        this.axes = axes;
        this.timeout = timeout;
        this.hasThreads = hasThreads;
    }

    /**
     * Makes the communicators of a mesh.
     *
     * @param timeout the longest any rank waits within one call
     */
    public static LocalMesh create(MeshAxes axes, Duration timeout) {
        return new LocalMesh(axes, timeout, true);
    }

    /**
     * As {@link #create(MeshAxes, Duration)}, without threads for calls that are started: a rank that waits for one
     * runs it. Faster where the ranks keep all processors busy, so that such a thread would only hold one of them up.
     */
    public static LocalMesh withoutThreads(MeshAxes axes, Duration timeout) {
        return new LocalMesh(axes, timeout, false);
    }

    /**
     * Makes the communicators of a mesh.
     *
     * @param timeout the longest any rank waits within one call
     * @throws IllegalArgumentException if names and sizes are not those of a mesh; see {@link MeshAxes}
     */
    public static LocalMesh create(List<String> axisNames, int[] axisSizes, Duration timeout) {
        return create(new MeshAxes(axisNames, Arrays.stream(axisSizes).boxed().toList()), timeout);
    }

    /** Is told once, by whoever meets the first failure, that all groups have ended. */
    public void onEnd(Consumer<GroupFailure> listener) {
        fate.onEnd(listener);
    }

    /** Ends all groups, unless they have ended. Callable from any thread. */
    public void end(GroupFailure failure) {
        fate.end(failure);
    }

    @Override
    public int numRanks() {
        return axes.numRanks();
    }

    @Override
    public Communicator communicator(int rank, List<String> along) {
        List<String> key = List.copyOf(along);
        synchronized (byAxes) {
            Map<Integer, Communicator> ends = byAxes.get(key);
            Communicator end = ends == null ? null : ends.get(rank);
            if (end == null) {
                List<Integer> members = axes.members(rank, key);
                ends = byAxes.computeIfAbsent(key, k -> new LinkedHashMap<>());
                LocalGroup group = LocalGroup.create(String.join(",", key), members, timeout, fate, hasThreads);
                for (int i = 0; i < members.size(); i++) {
                    ends.put(members.get(i), group.communicator(i));
                }
                end = group.communicator(members.indexOf(rank));
            }
            return end;
        }
    }

    @Override
    public void abort(int rank, Throwable cause) {
        communicator(rank, List.of()).abort(cause);
    }

    @Override
    public List<CommunicationCounters.Total> totals(int rank) {
        List<CommunicationCounters.Total> totals = new ArrayList<>();
        synchronized (byAxes) {
            for (Map<Integer, Communicator> ends : byAxes.values()) {
                Communicator end = ends.get(rank);
                if (end != null) {
                    totals.addAll(end.counters().totals());
                }
            }
        }
        return List.copyOf(totals);
    }

    @Override
    public long callNanos(int rank) {
        long nanos = 0;
        synchronized (byAxes) {
            for (Map<Integer, Communicator> ends : byAxes.values()) {
                Communicator end = ends.get(rank);
                if (end != null) {
                    nanos += end.counters().nanos();
                }
            }
        }
        return nanos;
    }
}
