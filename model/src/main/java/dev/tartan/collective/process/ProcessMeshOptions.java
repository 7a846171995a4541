package dev.tartan.collective.process;

import dev.tartan.collective.algorithm.AlgorithmChoice;
import dev.tartan.collective.transport.shm.SharedMemoryOptions;
import java.time.Duration;

/**
 * How ranks of a mesh reach each other; equal in all processes.
 *
 * @param sharing whether processes of one machine share memory
 * @param sharedMemory how they do
 * @param choice how algorithms are picked
 * @param shareWork whether groups within one process do their calls on shared work, rather than by an algorithm
 * @param messageDelay how much later each message between processes is sent, on the thread that runs the call; zero but
 *     for experiments
 */
public record ProcessMeshOptions(
        Sharing sharing,
        SharedMemoryOptions sharedMemory,
        AlgorithmChoice choice,
        boolean shareWork,
        Duration messageDelay) {
    /** Whether processes of one machine share memory. */
    public enum Sharing {
        /** Never. */
        OFF,
        /** Where they can, and messages are not to be encrypted. */
        WHERE_POSSIBLE,
        /** Ranks that cannot are an error. */
        REQUIRED
    }

    /** All that is there is used, and algorithms are picked by size. */
    public static ProcessMeshOptions defaults() {
        return new ProcessMeshOptions(
                Sharing.WHERE_POSSIBLE,
                SharedMemoryOptions.defaults(),
                AlgorithmChoice.defaults(),
                true,
                Duration.ZERO);
    }

    /** These options with another {@link #sharing}. */
    public ProcessMeshOptions withSharing(Sharing other) {
        return new ProcessMeshOptions(other, sharedMemory, choice, shareWork, messageDelay);
    }

    /** These options with another {@link #sharedMemory}. */
    public ProcessMeshOptions withSharedMemory(SharedMemoryOptions options) {
        return new ProcessMeshOptions(sharing, options, choice, shareWork, messageDelay);
    }

    /** These options with another {@link #choice}. */
    public ProcessMeshOptions withChoice(AlgorithmChoice other) {
        return new ProcessMeshOptions(sharing, sharedMemory, other, shareWork, messageDelay);
    }

    /** These options with another {@link #shareWork}. */
    public ProcessMeshOptions withSharedWork(boolean share) {
        return new ProcessMeshOptions(sharing, sharedMemory, choice, share, messageDelay);
    }

    /** These options with another {@link #messageDelay}. */
    public ProcessMeshOptions withMessageDelay(Duration delay) {
        return new ProcessMeshOptions(sharing, sharedMemory, choice, shareWork, delay);
    }
}
