package dev.tartan.collective.local;

import dev.tartan.collective.CommunicationCounters;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.MeshCommunicators;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All groups of a mesh whose ranks are threads of this process. Mesh ranks are row-major over the axes, the first axis
 * major. Groups are made when first asked for and end together: a failure in one releases the ranks waiting in any.
 *
 * <p>Example, axes {@code data=2, model=2}: along {@code [model]} the groups are {@code {0,1} {2,3}}, along
 * {@code [data]} {@code {0,2} {1,3}}, along {@code [model, data]} the one group {@code {0,2,1,3}}.
 */
public final class LocalMesh implements MeshCommunicators {
    private final List<String> axisNames;
    private final int[] axisSizes;
    private final int numRanks;
    private final Duration timeout;
    private final SharedFate fate = new SharedFate();
    private final Map<List<String>, Map<Integer, Communicator>> byAxes = new LinkedHashMap<>();

    private LocalMesh(List<String> axisNames, int[] axisSizes, int numRanks, Duration timeout) {
        this.axisNames = axisNames;
        this.axisSizes = axisSizes;
        this.numRanks = numRanks;
        this.timeout = timeout;
    }

    /**
     * Makes the communicators of a mesh.
     *
     * @param timeout the longest any rank waits within one call
     * @throws IllegalArgumentException if names and sizes do not pair up, a name is repeated, or a size is below 1
     */
    public static LocalMesh create(List<String> axisNames, int[] axisSizes, Duration timeout) {
        boolean valid = axisNames.size() == axisSizes.length
                && axisNames.stream().distinct().count() == axisNames.size();
        int numRanks = 1;
        for (int size : axisSizes) {
            valid &= size >= 1;
            numRanks = Math.multiplyExact(numRanks, size);
        }
        if (!valid) {
            throw new IllegalArgumentException("mesh axes are not valid: axisNames=" + axisNames + ", axisSizes="
                    + Arrays.toString(axisSizes) + ". Give one size of 1 or more per distinct name.");
        }
        return new LocalMesh(List.copyOf(axisNames), axisSizes.clone(), numRanks, timeout);
    }

    @Override
    public int numRanks() {
        return numRanks;
    }

    @Override
    public Communicator communicator(int rank, List<String> axes) {
        if (rank < 0 || rank >= numRanks) {
            throw new IllegalArgumentException("rank is not in the mesh: rank=" + rank + ", numRanks=" + numRanks
                    + ". Use ranks from 0 to " + (numRanks - 1) + ".");
        }
        List<String> key = List.copyOf(axes);
        synchronized (byAxes) {
            Map<Integer, Communicator> ends = byAxes.get(key);
            Communicator end = ends == null ? null : ends.get(rank);
            if (end == null) {
                List<Integer> members = members(rank, key);
                ends = byAxes.computeIfAbsent(key, k -> new LinkedHashMap<>());
                LocalGroup group = LocalGroup.create(String.join(",", key), members, timeout, fate);
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

    /** The mesh ranks that share all of {@code rank}'s coordinates but those along {@code axes}. */
    private List<Integer> members(int rank, List<String> axes) {
        List<Integer> members = List.of(rank);
        for (int i = 0; i < axes.size(); i++) {
            int axis = axisNames.indexOf(axes.get(i));
            if (axis < 0 || axes.indexOf(axes.get(i)) != i) {
                throw new IllegalArgumentException("axes of a group are unknown or repeated: axes=" + axes
                        + ", meshAxes=" + axisNames + ". Name each mesh axis at most once.");
            }
            int stride = 1;
            for (int minor = axis + 1; minor < axisSizes.length; minor++) {
                stride *= axisSizes[minor];
            }
            int coordinate = rank / stride % axisSizes[axis];
            List<Integer> spread = new ArrayList<>();
            for (int member : members) {
                for (int along = 0; along < axisSizes[axis]; along++) {
                    spread.add(member + (along - coordinate) * stride);
                }
            }
            members = spread;
        }
        return members;
    }
}
