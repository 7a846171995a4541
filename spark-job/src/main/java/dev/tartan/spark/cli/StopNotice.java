package dev.tartan.spark.cli;

import java.io.PrintStream;

/** Says that the JVM ends before the command did, as it does at Ctrl-C and SIGTERM with exit codes 130 and 143. */
final class StopNotice implements AutoCloseable {
    static final String TEXT = "tartan: stopped by a signal before the end; what was written is incomplete.";

    private final Thread hook;

    private StopNotice(PrintStream err) {
        hook = new Thread(() -> err.println(TEXT), "stop-notice");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    static StopNotice to(PrintStream err) {
        return new StopNotice(err);
    }

    /** Whether a signal or an exit has begun to end this JVM. */
    static boolean jvmIsEnding() {
        Thread probe = new Thread(() -> {});
        try {
            Runtime.getRuntime().addShutdownHook(probe);
            Runtime.getRuntime().removeShutdownHook(probe);
            return false;
        } catch (IllegalStateException e) {
            return true;
        }
    }

    /** The command has ended by itself. */
    @Override
    public void close() {
        if (!jvmIsEnding()) {
            Runtime.getRuntime().removeShutdownHook(hook);
        }
    }
}
