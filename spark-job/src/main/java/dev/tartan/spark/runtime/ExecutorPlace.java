package dev.tartan.spark.runtime;

/**
 * An executor of the session.
 *
 * @param id Spark's name of it
 * @param host where it is
 * @param freeSlots how many more tasks it can run now
 * @param hasRunTasks whether it is known to be up: Spark lists an executor before it has fetched its jars
 */
record ExecutorPlace(String id, String host, int freeSlots, boolean hasRunTasks) {
    /** A task's wish to run here, as Spark writes it. */
    String preferred() {
        return "executor_" + host + "_" + id;
    }
}
