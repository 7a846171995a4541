package dev.tartan.collective.algorithm;

import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The two groups of a rank where several processes hold several ranks each, process after process: all ranks of its
 * process, and its <i>rail</i>, the ranks at its place in all processes.
 *
 * @param place of the rank in its process
 * @param inProcess what algorithms among ranks of the process work with
 * @param alongRail what algorithms along the rail work with
 */
record ProcessAndRail(int place, PartTransport process, PartTransport rail, Workspace inProcess, Workspace alongRail) {
    /** The groups, or null if there is one process only, or one rank in each. */
    static @Nullable ProcessAndRail of(Workspace workspace, int ranksPerProcess) {
        if (ranksPerProcess == 1 || ranksPerProcess == workspace.numRanks()) {
            return null;
        }
        int place = workspace.rank() % ranksPerProcess;
        int first = workspace.rank() - place;
        PartTransport process = new PartTransport(
                workspace.transport(),
                IntStream.range(first, first + ranksPerProcess).toArray());
        PartTransport rail = new PartTransport(
                workspace.transport(),
                IntStream.range(0, workspace.numRanks())
                        .filter(rank -> rank % ranksPerProcess == place)
                        .toArray());
        return new ProcessAndRail(place, process, rail, workspace.over(process), workspace.over(rail));
    }

    int ranksPerProcess() {
        return process.numRanks();
    }

    int numProcesses() {
        return rail.numRanks();
    }
}
