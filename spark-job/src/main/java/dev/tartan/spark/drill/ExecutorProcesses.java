package dev.tartan.spark.drill;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** The executors that this process has started on its machine. Used by one thread at a time. */
final class ExecutorProcesses {
    private final Random random;
    private final Set<Long> frozen = new HashSet<>();

    /** Chooses among them at random, the same way for the same seed. */
    ExecutorProcesses(long seed) {
        this.random = new Random(seed);
    }

    /** Kills one and returns its process id. */
    long kill() {
        ProcessHandle chosen = choose();
        if (!chosen.destroyForcibly()) {
            throw new IllegalStateException(
                    "executor cannot be killed: process=" + chosen.pid() + ", alive=" + chosen.isAlive() + ".");
        }
        return chosen.pid();
    }

    /** Stops one, which goes on when thawed, and returns its process id. */
    long freeze() {
        long pid = choose().pid();
        frozen.add(pid);
        if (!signal("STOP", pid)) {
            throw new IllegalStateException("executor cannot be stopped: process=" + pid + ".");
        }
        return pid;
    }

    /** Lets all frozen ones go on. */
    void thaw() {
        running().stream().map(ProcessHandle::pid).filter(frozen::contains).forEach(pid -> signal("CONT", pid));
        frozen.clear();
    }

    private ProcessHandle choose() {
        List<ProcessHandle> all = running();
        if (all.isEmpty()) {
            throw new IllegalArgumentException("drill has no executors of this machine to do harm to: found=0. Give"
                    + " --executors, and no master elsewhere.");
        }
        return all.get(random.nextInt(all.size()));
    }

    private static List<ProcessHandle> running() {
        return ProcessHandle.current()
                .descendants()
                .filter(ExecutorProcesses::isExecutor)
                .sorted(Comparator.comparingLong(ProcessHandle::pid))
                .toList();
    }

    /** Java itself does not tell command lines as long as class paths make them. */
    private static boolean isExecutor(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"))
                    .contains("CoarseGrainedExecutorBackend");
        } catch (IOException e) {
            return false; // It has ended.
        }
    }

    /** Whether the process was there to get it. */
    private static boolean signal(String name, long pid) {
        try {
            return new ProcessBuilder("kill", "-" + name, Long.toString(pid))
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
