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
     * @param attempt 0 at first; asked for the next one also if tasks of the last did not begin, since they had to be
     *     placed anew
     */
    I input(int attempt);

    /** Whether another attempt can avoid a failure that a task called final. */
    default boolean recoversFrom(Exception failure) {
        return false;
    }

    /**
     * An attempt has failed, in a way that another one may not.
     *
     * @param attempt which one
     * @param reason why, in one line
     * @throws MeshJobException if there is to be no other
     */
    void failed(int attempt, String reason, Throwable cause);
}
