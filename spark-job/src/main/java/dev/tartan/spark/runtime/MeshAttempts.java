package dev.tartan.spark.runtime;

/**
 * What a job does about tasks that fail: what each attempt is, over how many tasks, and whether there is another. Used
 * by one thread.
 *
 * @param <I> what tasks are given
 * @param <R> what they give back
 */
interface MeshAttempts<I, R> {
    /** How many tasks the next attempt may have. */
    MeshSizes sizes();

    /**
     * Begins an attempt.
     *
     * @param attempt 0 at first; asked for the next one also if tasks of the last did not begin, since they had to be
     *     placed anew
     * @param numTasks one of {@link #sizes}
     */
    MeshAttempt<I, R> begin(int attempt, int numTasks);

    /**
     * An attempt ended by what a task called final.
     *
     * @return whether another one follows all the same
     * @throws MeshJobException if one might, but enough have failed
     */
    default boolean goesOnAfter(Exception failure) {
        return false;
    }

    /**
     * An attempt has failed, in a way that another one may not.
     *
     * @param reason why, in one line
     * @throws MeshJobException if there is to be no other
     */
    void failed(String reason, Throwable cause);

    /**
     * There is no room for an attempt.
     *
     * @param failure why
     * @return what the user is told
     */
    default RuntimeException unplaced(RuntimeException failure) {
        return failure;
    }
}
