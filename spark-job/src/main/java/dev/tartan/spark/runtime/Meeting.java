package dev.tartan.spark.runtime;

import java.util.List;

/**
 * All processes of a mesh, as each of them knows after {@link Rendezvous#meet}.
 *
 * @param processes in the order of the mesh: with K ranks a process, number i runs ranks i*K to i*K + K-1
 * @param self which of them this process is
 */
record Meeting(List<ProcessCard> processes, int self) {
    Meeting {
        processes = List.copyOf(processes);
    }
}
