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
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/** The executors that this process has started on its machine. Used by one thread at a time. */
final class ExecutorProcesses {
    private final String application;
    private final Random random;

    /** Those that run a task, by what their command lines say of them. */
    private final Set<String> busy = ConcurrentHashMap.newKeySet();

    private final Set<Long> frozen = new HashSet<>();

    /**
     * Chooses among those of an application at random, the same way for the same seed.
     *
     * @param application its id
     */
    ExecutorProcesses(String application, long seed) {
        this.application = application;
        this.random = new Random(seed);
    }

    /** Says that an executor runs a task: others are no part of a run, and harm to them would go unnoticed. */
    void began(String executor) {
        busy.add(argument(executor));
    }

    /** Says that an executor runs no task any more. */
    void ended(String executor) {
        busy.remove(argument(executor));
    }

    private static String argument(String executor) {
        return "\0--executor-id\0" + executor + "\0";
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
        processes(line -> true).stream()
                .map(ProcessHandle::pid)
                .filter(frozen::contains)
                .forEach(pid -> signal("CONT", pid));
        frozen.clear();
    }

    private ProcessHandle choose() {
        List<ProcessHandle> all = processes(line -> busy.stream().anyMatch(line::contains));
        if (all.isEmpty()) {
            throw new IllegalArgumentException("drill has no executors of this machine to do harm to: busy="
                    + busy.size() + ", found=0. Give --executors, and no master elsewhere.");
        }
        return all.get(random.nextInt(all.size()));
    }

    private List<ProcessHandle> processes(Predicate<String> commandLine) {
        return ProcessHandle.current()
                .descendants()
                .filter(process -> isOf(application, process, commandLine))
                .sorted(Comparator.comparingLong(ProcessHandle::pid))
                .toList();
    }

    /** Java itself does not tell command lines as long as class paths make them. */
    private static boolean isOf(String application, ProcessHandle process, Predicate<String> commandLine) {
        try {
            String line = Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
            return line.contains("CoarseGrainedExecutorBackend")
                    && line.contains("\0" + application + "\0")
                    && commandLine.test(line);
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
