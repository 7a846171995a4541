package dev.tartan.checkpoint;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * An output folder in the hands of one run: a file {@code .lease} in it that names the run, touched every two seconds.
 * A second run is refused. A run that was killed leaves its lease behind; its successor takes it over at once if the
 * process is known to be gone, else when it has not been touched for fifteen seconds.
 *
 * <p>Two processes that find the same stale lease may both take it over within the same instant: whoever writes last
 * has it, and the other learns so within a heartbeat, which {@link #isLost} tells.
 */
public final class OutputLease implements AutoCloseable {
    /** Name of the file. */
    public static final String FILE_NAME = ".lease";

    private static final Duration HEARTBEAT = Duration.ofSeconds(2);
    private static final Duration STALE_AFTER = Duration.ofSeconds(15);

    private final Path file;
    private final List<String> content;
    private final ScheduledExecutorService heart;
    private volatile boolean lost;

    private OutputLease(Path file, List<String> content) {
        this.file = file;
        this.content = content;
        this.heart = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "tartan-lease");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Takes a folder, which is made where missing.
     *
     * @param run what people call the run
     * @throws IllegalArgumentException if another run holds it, naming that one
     * @throws OutputException if the folder cannot be written
     */
    public static OutputLease take(Path folder, String run) {
        return take(folder, run, STALE_AFTER);
    }

    static OutputLease take(Path folder, String run, Duration staleAfter) {
        Path file = folder.resolve(FILE_NAME);
        List<String> content = List.of(
                "run=" + run.replaceAll("\\s+", " "),
                "id=" + UUID.randomUUID(),
                "host=" + host(),
                "pid=" + ProcessHandle.current().pid(),
                "started=" + Instant.now());
        try {
            Files.createDirectories(folder);
            try {
                Files.write(file, content, StandardCharsets.UTF_8, StandardOpenOption.CREATE_NEW);
            } catch (FileAlreadyExistsException e) {
                refuseIfHeld(folder, file, staleAfter);
                Files.write(file, content, StandardCharsets.UTF_8);
            }
        } catch (IOException e) {
            throw OutputException.cannotWrite(file, e);
        }
        OutputLease lease = new OutputLease(file, content);
        // Beats report by isLost, never by their future.
        var unused = lease.heart.scheduleWithFixedDelay(
                lease::beat, HEARTBEAT.toMillis(), HEARTBEAT.toMillis(), TimeUnit.MILLISECONDS);
        return lease;
    }

    private static void refuseIfHeld(Path folder, Path file, Duration staleAfter) throws IOException {
        List<String> holder;
        Instant touched;
        try {
            holder = Files.readAllLines(file, StandardCharsets.UTF_8);
            touched = Files.getLastModifiedTime(file).toInstant();
        } catch (NoSuchFileException e) {
            return;
        }
        boolean gone = isGone(holder);
        if (!gone && touched.plus(staleAfter).isAfter(Instant.now())) {
            throw new IllegalArgumentException("output folder belongs to a run under way: path=" + folder + ", "
                    + String.join(", ", holder) + ". Give this run another output.dir, or wait for that one to end; if"
                    + " it was killed, the folder is free " + staleAfter.toSeconds() + " seconds later.");
        }
    }

    /** Whether the holder is a process of this machine that has ended. */
    private static boolean isGone(List<String> holder) {
        long pid = -1;
        boolean here = false;
        for (String line : holder) {
            if (line.startsWith("pid=")) {
                try {
                    pid = Long.parseLong(line.substring("pid=".length()));
                } catch (NumberFormatException e) {
                    return false;
                }
            }
            here |= line.equals("host=" + host());
        }
        return here && pid > 0 && ProcessHandle.of(pid).isEmpty();
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (IOException e) {
            return "unknown";
        }
    }

    private void beat() {
        try {
            if (!Files.readAllLines(file, StandardCharsets.UTF_8).equals(content)) {
                lost = true;
                heart.shutdown();
                return;
            }
            Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
        } catch (NoSuchFileException e) {
            lost = true;
            heart.shutdown();
        } catch (IOException e) {
            // Tried again: a file system that is away for a moment is no reason to give up the folder.
        }
    }

    /** Whether another run has taken the folder, or removed the lease. */
    public boolean isLost() {
        return lost;
    }

    /** Gives the folder back. */
    @Override
    public void close() {
        heart.shutdownNow();
        try {
            if (!lost && Files.readAllLines(file, StandardCharsets.UTF_8).equals(content)) {
                Files.deleteIfExists(file);
            }
        } catch (NoSuchFileException e) {
            // Somebody cleaned up.
        } catch (IOException e) {
            throw OutputException.cannotWrite(file, e);
        }
    }
}
