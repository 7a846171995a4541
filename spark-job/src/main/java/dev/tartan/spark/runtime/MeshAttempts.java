package dev.tartan.spark.runtime;

/**
 * What a job does about tasks that fail: what the tasks of the next attempt are given, and whether there is one. Used
 * by one thread.
 *
 * @param <I> what tasks are given
 */
public interface MeshAttempts<I> {
    /**
     * What the tasks of an attempt are given.
     *
     * @param attempt 0 at first; one number may be passed over, if tasks had to be placed anew
     */
    I input(int attempt);

    /**
     * An attempt has failed, in a way that another one may not.
     *
     * @param attempt which one
     * @param reason why, in one line
     * @throws MeshJobException if there is to be no other
     */
    void failed(int attempt, String reason, Throwable cause);
}
