package dev.tartan.spark.runtime;

/** Hears on the driver what tasks report. */
@FunctionalInterface
public interface ProgressListener {
    /**
     * Takes one report; reports of one task come in the order in which they were sent, on a thread of the job's.
     *
     * @param attempt how often all tasks were started before; a higher number than before means that they began anew
     */
    void onProgress(int attempt, Object report);

    /**
     * Takes a piece of a file that a task made; the pieces of a file come in order, from one task.
     *
     * @param attempt as in {@link #onProgress}
     * @param file name of the file
     * @param offset where the piece begins
     * @param last whether the file ends with it
     * @throws RuntimeException if it cannot be kept; the task then fails with its message
     */
    default void onFilePart(int attempt, String file, long offset, byte[] bytes, boolean last) {
        throw new IllegalStateException("nobody takes the files of this job: file=" + file);
    }
}
