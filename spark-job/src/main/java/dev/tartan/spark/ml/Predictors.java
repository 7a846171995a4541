package dev.tartan.spark.ml;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.train.InferencePlan;
import dev.tartan.train.Predictor;
import dev.tartan.train.data.HostTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A model in this process, compiled once for all tasks. Each task that predicts at the same time has a device of its
 * own, with the parameters, as far as these take little memory; else tasks take turns. Models that no task uses are
 * kept for a while, the last few. Thread-safe.
 */
final class Predictors {
    private static final int MOST_UNUSED = 4;
    private static final long MOST_BYTES = 256L << 20;
    private static final Map<Key, Predictors> ALL = new LinkedHashMap<>();
    private static final AtomicLong COMPILED = new AtomicLong();

    private final Key key;
    private final Deque<Predictor> idle = new ArrayDeque<>();
    private int users;
    private int made;
    private @Nullable Loaded loaded;

    private record Key(String file, Set<String> outputs, int batchSize) {}

    private record Loaded(
            InferencePlan plan, Path file, @Nullable Path folder, int most, Nd4jBackend backend) {}

    private Predictors(Key key) {
        this.key = key;
    }

    /** How many models this process has compiled so far. */
    static long numCompiled() {
        return COMPILED.get();
    }

    /**
     * The model for a user, who has to {@link #release} it.
     *
     * @param batchSize rows that are predicted at once
     */
    static Predictors acquire(ShippedNetwork network, int batchSize) {
        Key key = new Key(network.file().id(), new TreeSet<>(network.outputs()), batchSize);
        Predictors found;
        synchronized (ALL) {
            found = Objects.requireNonNullElseGet(ALL.remove(key), () -> new Predictors(key));
            ALL.put(key, found);
            found.users++;
        }
        try {
            found.load(network);
        } catch (RuntimeException | Error e) {
            found.release();
            throw e;
        }
        return found;
    }

    private synchronized void load(ShippedNetwork network) {
        if (loaded != null) {
            return;
        }
        InferencePlan plan = InferencePlan.compile(
                network.create(), key.batchSize(), key.outputs(), network.optional(), new Nd4jBackend(1));
        COMPILED.incrementAndGet();
        int cores = Runtime.getRuntime().availableProcessors();
        long bytes = Math.max(1, plan.compiled().memory().arenaBytes());
        int most = (int) Math.max(1, Math.min(cores, MOST_BYTES / bytes));
        Nd4jBackend backend = new Nd4jBackend(Math.max(1, cores / most));
        if (network.file().isHere()) {
            loaded = new Loaded(plan, Path.of(network.file().path()), null, most, backend);
            return;
        }
        Path folder = TemporaryFolders.make();
        Path file = folder.resolve("parameters.safetensors");
        try {
            network.file().writeTo(file);
        } catch (IOException e) {
            TemporaryFolders.delete(folder);
            throw new UncheckedIOException("parameters of a model cannot be stored: path=" + file, e);
        }
        loaded = new Loaded(plan, file, folder, most, backend);
    }

    /** What is compiled. */
    synchronized InferencePlan plan() {
        return loaded().plan();
    }

    private Loaded loaded() {
        return Objects.requireNonNull(loaded, "loaded");
    }

    /** Predicts a batch, on whichever device is free, or waits for one. */
    Map<String, HostTensor> predict(Map<String, HostTensor> batch) {
        Predictor predictor = take();
        try {
            return predictor.predict(batch);
        } finally {
            give(predictor);
        }
    }

    private synchronized Predictor take() {
        while (idle.isEmpty() && made == loaded().most()) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("inference was interrupted while it waited for a device", e);
            }
        }
        Predictor free = idle.poll();
        if (free == null) {
            free = new Predictor(loaded().plan(), loaded().file(), loaded().backend());
            made++;
        }
        return free;
    }

    private synchronized void give(Predictor predictor) {
        idle.push(predictor);
        notifyAll();
    }

    /** Ends a use. */
    void release() {
        List<Predictors> unused = new ArrayList<>();
        synchronized (ALL) {
            users--;
            long left = ALL.values().stream().filter(model -> model.users == 0).count();
            Iterator<Predictors> oldestFirst = ALL.values().iterator();
            while (left > MOST_UNUSED && oldestFirst.hasNext()) {
                Predictors model = oldestFirst.next();
                if (model.users == 0) {
                    oldestFirst.remove();
                    unused.add(model);
                    left--;
                }
            }
        }
        unused.forEach(Predictors::close);
    }

    private synchronized void close() {
        idle.forEach(Predictor::close);
        idle.clear();
        if (loaded != null && loaded.folder() != null) {
            TemporaryFolders.delete(loaded.folder());
        }
        loaded = null;
    }
}
