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
}
