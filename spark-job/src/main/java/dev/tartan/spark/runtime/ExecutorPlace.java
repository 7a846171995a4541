package dev.tartan.spark.runtime;

import java.util.List;

/**
 * An executor of the session.
 *
 * @param id Spark's name of it
 * @param host where it is
 * @param gpus addresses of the GPUs that Spark gave to it; empty if it gave none
 * @param freeSlots how many more tasks it can run now
 * @param hasRunTasks whether it is known to be up: Spark lists an executor before it has fetched its jars
 */
record ExecutorPlace(String id, String host, List<String> gpus, int freeSlots, boolean hasRunTasks) {
    ExecutorPlace {
        gpus = List.copyOf(gpus);
    }

    /** One without GPUs. */
    ExecutorPlace(String id, String host, int freeSlots, boolean hasRunTasks) {
        this(id, host, List.of(), freeSlots, hasRunTasks);
    }

    /** A task's wish to run here, as Spark writes it. */
    String preferred() {
        return "executor_" + host + "_" + id;
    }
}
