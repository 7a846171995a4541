package dev.tartan.spark.runtime;

/** Attempts that all begin alike, up to so many. */
final class SameInput<I> implements MeshAttempts<I> {
    private static final int MOST_FAILURES = 4;

    private final String job;
    private final I input;
    private int failures;

    SameInput(String job, I input) {
        this.job = job;
        this.input = input;
    }

    @Override
    public I input(int attempt) {
        return input;
    }

    @Override
    public void failed(int attempt, String reason, Throwable cause) {
        if (++failures == MOST_FAILURES) {
            throw new MeshJobException(
                    "mesh job failed: job='" + job + "', attempts=" + failures + ", reason=" + reason
                            + ". The executors' logs have the stack trace.",
                    cause);
        }
    }
}
