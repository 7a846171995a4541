package dev.tartan.spark.runtime;

/** Attempts that are all alike, up to so many. */
final class SameInput<I, R> implements MeshAttempts<I, R> {
    private static final int MOST_FAILURES = 4;

    private final int numTasks;
    private final MeshAttempt<I, R> attempt;
    private int failures;

    SameInput(int numTasks, MeshAttempt<I, R> attempt) {
        this.numTasks = numTasks;
        this.attempt = attempt;
        attempt.check(numTasks);
    }

    @Override
    public MeshSizes sizes() {
        return MeshSizes.exactly(numTasks);
    }

    @Override
    public MeshAttempt<I, R> begin(int number, int tasks) {
        return attempt;
    }

    @Override
    public void failed(String reason, Throwable cause) {
        if (++failures == MOST_FAILURES) {
            throw new MeshJobException(
                    "mesh job failed: job='" + attempt.description() + "', attempts=" + failures + ", reason=" + reason
                            + ". The executors' logs have the stack trace.",
                    cause);
        }
    }
}
