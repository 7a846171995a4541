package dev.tartan.spark.runtime;

/**
 * An executor of the session.
 *
 * @param id Spark's name of it
 * @param host where it is
 * @param activeTasks how many tasks it runs
 * @param hasRunTasks whether it is known to be up: Spark lists an executor before it has fetched its jars
 */
record ExecutorPlace(String id, String host, int activeTasks, boolean hasRunTasks) {
    /** A task's wish to run here, as Spark writes it. */
    String preferred() {
        return "executor_" + host + "_" + id;
    }
}
