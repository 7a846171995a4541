package dev.tartan.checkpoint;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An output folder in the hands of one run: a file {@code .lease} in it that names the run, touched every two seconds.
 * A second run is refused. A run that was killed leaves its lease behind; its successor takes it over at once if the
 * process is known to be gone, else when it has not been touched for fifteen seconds.
 *
 * <p>In a store ({@code hdfs:}, {@code s3a:}) the lease is best effort: it is touched every ten seconds and stale after
 * sixty, clocks that differ by more mislead it, and where the store cannot make a file only if there is none, two runs
 * that begin at once may both take it.
 *
 * <p>Two processes that find the same stale lease may both take it over within the same instant: whoever writes last
 * has it, and the other learns so within a heartbeat, by {@link #onLost}. Thread-safe.
 */
public final class OutputLease implements AutoCloseable {
    /** Name of the file. */
    public static final String FILE_NAME = ".lease";

    private static final long LAST_BEAT_SECONDS = 10;

    private final Path folder;
    private final LeaseFile file;
    private final List<String> content;
    private final ScheduledExecutorService heart;
    private @Nullable OutputException lost;
    private Consumer<OutputException> listener = loss -> {};

    private OutputLease(Path folder, LeaseFile file, List<String> content) {
        this.folder = folder;
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
        return take(folder, run, new LeaseFile(folder.resolve(FILE_NAME)).staleAfter());
    }

    static OutputLease take(Path folder, String run, Duration staleAfter) {
        LeaseFile file = new LeaseFile(folder.resolve(FILE_NAME));
        List<String> content = List.of(
                "run=" + run.replaceAll("\\s+", " "),
                "id=" + UUID.randomUUID(),
                "host=" + host(),
                "pid=" + ProcessHandle.current().pid(),
                "started=" + Instant.now());
        try {
            Files.createDirectories(folder);
            try {
                file.create(content);
            } catch (FileAlreadyExistsException e) {
                refuseIfHeld(folder, file, staleAfter);
                file.replace(content);
            }
        } catch (IOException e) {
            throw OutputException.cannotWrite(file.path(), e);
        }
        OutputLease lease = new OutputLease(folder, file, content);
        // Beats report by onLost, never by their future.
        long millis = file.heartbeat().toMillis();
        var unused = lease.heart.scheduleWithFixedDelay(lease::beat, millis, millis, TimeUnit.MILLISECONDS);
        return lease;
    }

    private static void refuseIfHeld(Path folder, LeaseFile file, Duration staleAfter) throws IOException {
        List<String> holder;
        Instant touched;
        try {
            holder = file.read();
            touched = file.touched();
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
            if (isHeld()) {
                file.touch(content);
            } else {
                heart.shutdown();
            }
        } catch (IOException e) {
            // Tried again: a file system that is away for a moment is no reason to give up the folder.
        }
    }

    private boolean isHeld() throws IOException {
        List<String> holder;
        try {
            holder = file.read();
        } catch (NoSuchFileException e) {
            holder = List.of();
        }
        if (holder.equals(content)) {
            return true;
        }
        lose(OutputException.lost(folder, holder));
        return false;
    }

    private void lose(OutputException loss) {
        Consumer<OutputException> told;
        synchronized (this) {
            if (lost != null) {
                return;
            }
            lost = loss;
            told = listener;
        }
        told.accept(loss);
    }

    /** Whether another run was seen to have taken the folder, or removed the lease. */
    synchronized boolean isLost() {
        return lost != null;
    }

    /**
     * Tells when another run has taken the folder, or removed the lease: once, on the lease's thread; at once if so.
     */
    public void onLost(Consumer<OutputException> consumer) {
        OutputException before;
        synchronized (this) {
            listener = consumer;
            before = lost;
        }
        if (before != null) {
            consumer.accept(before);
        }
    }

    /**
     * Looks whether the folder is still this run's.
     *
     * @throws OutputException if another run has taken it, or the lease was removed, or cannot be read
     */
    public void check() {
        try {
            boolean unused = isHeld();
        } catch (IOException e) {
            throw OutputException.cannotWrite(file.path(), e);
        }
        OutputException loss;
        synchronized (this) {
            loss = lost;
        }
        if (loss != null) {
            throw loss;
        }
    }

    /** Gives the folder back. */
    @Override
    public void close() {
        stopHeart();
        try {
            if (!isLost() && file.read().equals(content)) {
                file.delete();
            }
        } catch (NoSuchFileException e) {
            // Somebody cleaned up.
        } catch (IOException e) {
            throw OutputException.cannotWrite(file.path(), e);
        }
    }

    /** A beat under way is let finish: in a store it would write the lease again after it was given back. */
    private void stopHeart() {
        heart.shutdown();
        try {
            heart.awaitTermination(LAST_BEAT_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        heart.shutdownNow();
    }
}
