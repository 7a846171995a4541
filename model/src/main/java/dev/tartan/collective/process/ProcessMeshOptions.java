package dev.tartan.collective.process;

import dev.tartan.collective.algorithm.AlgorithmChoice;
import dev.tartan.collective.transport.shm.SharedMemoryOptions;

/**
 * How ranks of a mesh reach each other; equal in all processes.
 *
 * @param shareMemory whether processes of one machine share memory, where they can
 * @param sharedMemory how
 * @param choice how algorithms are picked
 * @param shareWork whether groups within one process may do their calls on shared work, rather than by an algorithm
 */
public record ProcessMeshOptions(
        boolean shareMemory, SharedMemoryOptions sharedMemory, AlgorithmChoice choice, boolean shareWork) {
    /** All that is there is used, and algorithms are picked by measured costs. */
    public static ProcessMeshOptions defaults() {
        return new ProcessMeshOptions(true, SharedMemoryOptions.defaults(), AlgorithmChoice.measured(), true);
    }

    /** These options with another {@link #shareMemory}. */
    public ProcessMeshOptions withSharedMemory(boolean share) {
        return new ProcessMeshOptions(share, sharedMemory, choice, shareWork);
    }

    /** These options with another {@link #sharedMemory}. */
    public ProcessMeshOptions withSharedMemory(SharedMemoryOptions options) {
        return new ProcessMeshOptions(shareMemory, options, choice, shareWork);
    }

    /** These options with another {@link #choice}. */
    public ProcessMeshOptions withChoice(AlgorithmChoice other) {
        return new ProcessMeshOptions(shareMemory, sharedMemory, other, shareWork);
    }

    /** These options with another {@link #shareWork}. */
    public ProcessMeshOptions withSharedWork(boolean share) {
        return new ProcessMeshOptions(shareMemory, sharedMemory, choice, share);
    }
}
