package dev.tartan.train;

import dev.tartan.backend.Backend;
import dev.tartan.backend.Device;
import dev.tartan.collective.MeshCommunicators;
import java.util.stream.IntStream;

/**
 * The mesh ranks that one process holds, of several processes that train together: process p of N holds the K =
 * numRanks / N consecutive ranks {@code [p*K, (p+1)*K)}.
 *
 * <p>Example, mesh {@code data=4, model=2} in two processes: process 0 holds ranks 0 to 3, which are the first two
 * model groups, process 1 ranks 4 to 7.
 *
 * @param process index of this process
 * @param communicators the ends of this process's ranks
 */
public record ProcessRanks(int process, int numProcesses, MeshCommunicators communicators) {

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if there is no such process, or the ranks do not divide evenly
     */
    public ProcessRanks {
        numRanksPerProcess(communicators.numRanks(), numProcesses);
        if (process < 0 || process >= numProcesses) {
            throw new IllegalArgumentException("process does not exist: process=" + process + ", numProcesses="
                    + numProcesses + ". Use processes from 0 to " + (numProcesses - 1) + ".");
        }
    }

    /** All ranks of a mesh, in this process alone. */
    public static ProcessRanks all(MeshCommunicators communicators) {
        return new ProcessRanks(0, 1, communicators);
    }

    /**
     * How many ranks each process holds.
     *
     * @throws IllegalArgumentException if they do not divide evenly
     */
    static int numRanksPerProcess(int numRanks, int numProcesses) {
        if (numProcesses < 1 || numRanks % numProcesses != 0) {
            throw new IllegalArgumentException("ranks do not divide evenly over processes: numRanks=" + numRanks
                    + ", numProcesses=" + numProcesses + ". Let the number of processes divide that of ranks.");
        }
        return numRanks / numProcesses;
    }

    /** Number of ranks of this process. */
    public int numRanks() {
        return numRanksPerProcess(communicators.numRanks(), numProcesses);
    }

    /** The lowest rank of this process. */
    public int firstRank() {
        return process * numRanks();
    }

    /** The ranks of this process, in order. */
    public IntStream ranks() {
        return IntStream.range(firstRank(), firstRank() + numRanks());
    }

    /** The device of one of this process's ranks. */
    Device device(Backend backend, int rank) {
        return backend.device(rank - firstRank());
    }

    /** Whether this process holds mesh rank 0, and so reports and writes files. */
    public boolean holdsRankZero() {
        return process == 0;
    }
}
