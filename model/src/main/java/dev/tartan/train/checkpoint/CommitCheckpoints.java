package dev.tartan.train.checkpoint;

import dev.tartan.checkpoint.sharded.AttachedFile;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.checkpoint.sharded.Manifest;
import dev.tartan.checkpoint.sharded.ShardFile;
import dev.tartan.checkpoint.sharded.StoredBox;
import dev.tartan.checkpoint.sharded.StoredTensor;
import dev.tartan.train.metrics.CheckpointMetrics;
import dev.tartan.train.metrics.MetricsWriter;
import dev.tartan.train.thread.WorkerThread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Makes checkpoints of what ranks have written: when all have, it writes the manifest, and removes the oldest
 * checkpoints. One place of a run has it, which sees the folder. Works on a thread of its own; of checkpoints that come
 * faster than it can commit them, it leaves out those that would soon be removed. Safe for use by many threads.
 */
public final class CommitCheckpoints implements CheckpointSink, AutoCloseable {
    private static final String LATE = "later ones came before it could be committed";

    private final CheckpointFolder folder;
    private final int keep;
    private final LongFunction<byte[]> history;
    private final Consumer<CheckpointMetrics> listener;
    private final Map<Long, Map<Integer, RankPart>> parts = new LinkedHashMap<>();
    private final Deque<Complete> complete = new ArrayDeque<>();

    /** What could not be written, and perhaps not be removed. Used by the thread alone. */
    private final Set<Path> failed = new LinkedHashSet<>();

    private final WorkerThread thread = new WorkerThread("tartan-checkpoint-commit");
    private @Nullable Attempt current;
    private boolean closed;

    /**
     * An attempt at the run, whose ranks write parts.
     *
     * @param run what is trained and how, for the manifest: a JSON object
     */
    private record Attempt(String name, ShardOwners owners, Map<String, Object> run) {}

    /** All parts of a checkpoint. */
    private record Complete(Attempt attempt, List<RankPart> parts) {}

    /**
     * Makes one that waits for an attempt.
     *
     * @param keep how many checkpoints are kept, 0 for all
     * @param history what was measured before a step, as lines of {@code metrics.jsonl}, which is kept with a
     *     checkpoint
     * @param listener is told what became of each checkpoint, on another thread
     */
    public CommitCheckpoints(
            CheckpointFolder folder, int keep, LongFunction<byte[]> history, Consumer<CheckpointMetrics> listener) {
        this.folder = folder;
        this.keep = keep;
        this.history = history;
        this.listener = listener;
    }

    /**
     * Takes the parts of a new attempt from now on, and no more of those before.
     *
     * @param name which its parts give
     * @param owners which ranks write what
     * @param run what is trained and how, for the manifest: a JSON object
     */
    public synchronized void begin(String name, ShardOwners owners, Map<String, Object> run) {
        parts.clear();
        current = new Attempt(name, owners, run);
    }

    /**
     * Waits until all checkpoints are concluded whose parts are all there.
     *
     * @return whether they are, in time
     */
    public boolean awaitConcluded(Duration limit) throws InterruptedException {
        return thread.awaitIdle(limit);
    }

    @Override
    public synchronized void written(RankPart part) {
        Attempt attempt = current;
        if (closed || attempt == null || !part.attempt().equals(attempt.name())) {
            return;
        }
        Map<Integer, RankPart> known = parts.computeIfAbsent(part.step(), absent -> new TreeMap<>());
        known.put(part.rank(), part);
        if (known.size() == attempt.owners().numRanks()) {
            parts.remove(part.step());
            complete.add(new Complete(attempt, List.copyOf(known.values())));
            thread.execute(this::concludeNext);
        }
    }

    private void concludeNext() {
        Complete next;
        boolean late;
        synchronized (this) {
            next = complete.remove();
            Attempt attempt = next.attempt();
            long later = complete.stream()
                    .filter(all -> all.attempt().equals(attempt) && failure(all.parts()) == null)
                    .count();
            late = keep > 0 && later >= keep;
        }
        conclude(next.attempt(), next.parts(), late ? LATE : failure(next.parts()));
    }

    private void conclude(Attempt attempt, List<RankPart> all, @Nullable String failureOfParts) {
        RankPart any = all.get(0);
        Path path = folder.of(any.step(), any.attempt());
        String failure = failureOfParts;
        long bytes = 0;
        if (failure == null) {
            try {
                Manifest manifest = manifest(attempt, all, path);
                bytes = manifest.bytes();
                CheckpointFolder.commit(path, manifest);
            } catch (IOException | RuntimeException e) {
                failure = e.getClass().getSimpleName() + ": " + e.getMessage();
            }
        }
        if (failure != null) {
            failed.add(path);
        }
        try {
            removeFailed();
            if (failure == null) {
                folder.prune(keep, any.attempt());
            }
        } catch (IOException | RuntimeException e) {
            // Tried again with the next one.
        }
        listener.accept(new CheckpointMetrics(
                any.step() - 1,
                new CheckpointMetrics.Outcome(
                        path.toString(),
                        failure == null ? bytes : 0,
                        all.stream().mapToDouble(RankPart::stallMillis).max().orElse(0),
                        all.stream().mapToDouble(RankPart::writeMillis).max().orElse(0),
                        failure)));
    }

    private void removeFailed() throws IOException {
        for (Path path : List.copyOf(failed)) {
            CheckpointFolder.remove(path);
            failed.remove(path);
        }
    }

    private static @Nullable String failure(List<RankPart> all) {
        List<RankPart> failed =
                all.stream().filter(part -> part.failure() != null).toList();
        if (failed.isEmpty()) {
            return null;
        }
        return failed.get(0).failure()
                + (failed.size() == 1
                        ? " (rank " + failed.get(0).rank() + ")"
                        : failed.stream()
                                .map(part -> String.valueOf(part.rank()))
                                .collect(Collectors.joining(", ", " (ranks ", ")")));
    }

    private Manifest manifest(Attempt attempt, List<RankPart> all, Path path) throws IOException {
        ShardOwners owners = attempt.owners();
        Map<Integer, ShardFile> files = new LinkedHashMap<>();
        RunProgress progress = null;
        for (RankPart part : all) {
            ShardFile file = Objects.requireNonNull(part.file());
            checkSeen(path.resolve(file.name()), file);
            files.put(part.rank(), file);
            progress = part.progress() == null ? progress : part.progress();
        }
        Map<String, List<StoredBox>> boxes = new LinkedHashMap<>();
        List<ShardFile> ordered = new ArrayList<>();
        for (int rank = 0; rank < owners.numRanks(); rank++) {
            ShardFile file = Objects.requireNonNull(files.get(rank));
            ordered.add(file);
            owners.of(rank)
                    .forEach((tensor, box) -> boxes.computeIfAbsent(tensor.name(), absent -> new ArrayList<>())
                            .add(new StoredBox(file.name(), box)));
        }
        List<StoredTensor> tensors = owners.tensors().stream()
                .map(tensor -> tensor.stored(boxes.getOrDefault(tensor.name(), List.of())))
                .toList();
        RunProgress known = Objects.requireNonNull(progress);
        ordered.add(AttachedFile.write(path, MetricsWriter.FILE_NAME, history.apply(known.step())));
        String time =
                Instant.now(Clock.systemUTC()).truncatedTo(ChronoUnit.MILLIS).toString();
        return new Manifest(known.step(), time, attempt.run(), ProgressJson.of(known), ordered, tensors);
    }

    private static void checkSeen(Path path, ShardFile file) throws IOException {
        if (!Files.exists(path)) {
            throw new IOException("file of an executor is not seen here: path=" + path
                    + ". Set checkpoint.dir to a folder that all machines share, such as one on HDFS");
        }
        long bytes = Files.size(path);
        if (bytes != file.bytes()) {
            throw new IOException("file has another length than was written: path=" + path + ", bytes=" + bytes
                    + ", written=" + file.bytes());
        }
    }

    /**
     * Waits until all checkpoints are concluded whose parts are all there; those that lack a part do not come about.
     */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        thread.finish();
    }
}
