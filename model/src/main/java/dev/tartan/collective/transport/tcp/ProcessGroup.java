package dev.tartan.collective.transport.tcp;

import java.util.List;

/**
 * The processes of a mesh, as one of them sees it.
 *
 * @param mesh which mesh it is; equal on all of them
 * @param self index of this process
 * @param processes all of them, in the order of their ranks
 */
public record ProcessGroup(MeshId mesh, int self, List<ProcessAddress> processes) {
    /**
     * Copies the list.
     *
     * @throws IllegalArgumentException if this process is not in the list
     */
    public ProcessGroup {
        processes = List.copyOf(processes);
        if (self < 0 || self >= processes.size()) {
            throw new IllegalArgumentException(
                    "process is not among those of its mesh: self=" + self + ", numProcesses=" + processes.size()
                            + ". Use an index from 0 to " + (processes.size() - 1) + ".");
        }
    }

    /** The processes of a mesh that alone holds its secret. */
    public ProcessGroup(int self, List<ProcessAddress> processes) {
        this(MeshId.ONLY, self, processes);
    }

    /** Number of processes. */
    public int size() {
        return processes.size();
    }

    /** Whether another process is on the same machine as this one. */
    public boolean sharesMachine(int process) {
        return shareMachine(self, process);
    }

    /** Whether two processes are on the same machine. */
    public boolean shareMachine(int first, int second) {
        String machine = processes.get(first).machine();
        return !machine.isEmpty() && machine.equals(processes.get(second).machine());
    }
}
