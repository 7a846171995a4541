package dev.tartan.spark.runtime;

import java.io.Serializable;

/** Hears on the driver what tasks report. */
@FunctionalInterface
public interface ProgressListener {
    /**
     * Takes one message; messages of one task come in the order in which they were sent, on a thread of Spark's.
     *
     * @param attempt how often the whole stage was run before; a higher number than before means that it started anew
     */
    void onProgress(int attempt, Serializable message);
}
