package dev.tartan.spark.bench;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.tartan.collective.CollectiveOp;
import java.lang.management.ManagementFactory;
import java.util.HashSet;
import java.util.Set;

/** Whether a process may open as many files as the links of its ranks need. */
final class OpenFiles {
    /** A selector is two descriptors: what it waits with, and what wakes it. */
    private static final int FILES_PER_RANK = 2;

    private OpenFiles() {}

    /**
     * Checks the limit of this process, if the machine tells it.
     *
     * @throws IllegalArgumentException if it is too low
     */
    static void require(CollectivesPlan plan, int process) {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
            long open = system.getOpenFileDescriptorCount();
            require(plan, open + needed(plan, process), system.getMaxFileDescriptorCount());
        }
    }

    static void require(CollectivesPlan plan, long needed, long limit) {
        if (needed > limit) {
            throw new IllegalArgumentException("a process cannot open as many files as its ranks need: ranks="
                    + plan.numRanks() + ", processes=" + plan.numProcesses() + ", filesNeeded=" + needed
                    + ", limit=" + limit + ". Raise the limit (ulimit -n), or give fewer --ranks.");
        }
    }

    /** Files of one process's ranks: a socket for each stream of each link to another process, at most. */
    static long needed(CollectivesPlan plan, int process) {
        long links = 0;
        int first = process * plan.ranksPerProcess();
        for (int rank = first; rank < first + plan.ranksPerProcess(); rank++) {
            for (int peer : peers(plan, rank)) {
                links += peer / plan.ranksPerProcess() == process ? 0 : 1;
            }
        }
        return links * plan.streams() + (long) FILES_PER_RANK * plan.ranksPerProcess() + plan.numProcesses();
    }

    /** Those that a rank sends to or receives from, all algorithms that may be picked taken together. */
    private static Set<Integer> peers(CollectivesPlan plan, int rank) {
        int numRanks = plan.numRanks();
        Set<Integer> peers = new HashSet<>();
        boolean isDirect = plan.all() || plan.op() == CollectiveOp.ALL_TO_ALL || "direct".equals(plan.algorithm());
        for (int distance = 1; distance < numRanks; distance = isDirect ? distance + 1 : 2 * distance) {
            peers.add((rank + distance) % numRanks);
            peers.add((rank + numRanks - distance) % numRanks);
            if ((rank ^ distance) < numRanks) {
                peers.add(rank ^ distance);
            }
        }
        // Around the rail of hierarchical algorithms.
        peers.add((rank + plan.ranksPerProcess()) % numRanks);
        peers.add((rank + numRanks - plan.ranksPerProcess()) % numRanks);
        peers.remove(rank);
        return peers;
    }
}
