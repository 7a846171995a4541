package dev.tartan.spark.ui;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.apache.spark.util.kvstore.KVStore;
import org.jspecify.annotations.Nullable;

/** Keeps what events tell of runs in Spark's store, live or while a log is replayed. Called by one thread. */
final class RunListener extends SparkListener {
    /** Of an application that trains again and again, such as one that searches hyperparameters, the last runs. */
    private static final int MOST_RUNS = 100;

    private final KVStore store;
    private final Map<String, RunView> runs = new LinkedHashMap<>();
    private volatile @Nullable RunView newest;

    RunListener(KVStore store) {
        this.store = store;
    }

    @Override
    public void onOtherEvent(SparkListenerEvent event) {
        if (event instanceof RunEvent.Started started) {
            newest = null;
            keep(RunView.of(started));
        } else if (event instanceof RunEvent ofRun) {
            RunView run = runs.get(ofRun.run());
            if (run != null) {
                keep(run.after(ofRun));
            }
        }
    }

    /** A driver that was killed could not say that its runs are over. */
    @Override
    public void onApplicationEnd(SparkListenerApplicationEnd end) {
        for (RunView run : new ArrayList<>(runs.values())) {
            if (run.ended() == null) {
                keep(run.after(new RunEvent.Ended(
                        run.id(), end.time(), RunEvent.RunState.STOPPED, "the application has ended")));
            }
        }
    }

    /** The run that began last; null before the first. Callable by any thread. */
    @Nullable
    RunView newest() {
        return newest;
    }

    private void keep(RunView run) {
        runs.put(run.id(), run);
        RunView shown = newest;
        if (shown == null || shown.id().equals(run.id())) {
            newest = run;
        }
        write(run);
        if (runs.size() > MOST_RUNS) {
            String oldest = runs.keySet().iterator().next();
            runs.remove(oldest);
            delete(oldest);
        }
    }

    // The store of a live application is in memory; that of a history server is on disk, and Spark reports a full one.
    private void write(RunView run) {
        try {
            store.write(run);
        } catch (Exception e) {
            throw new IllegalStateException("run cannot be kept in Spark's store: run=" + run.id(), e);
        }
    }

    private void delete(String id) {
        try {
            store.delete(RunView.class, id);
        } catch (Exception e) {
            throw new IllegalStateException("run cannot be removed from Spark's store: run=" + id, e);
        }
    }

    /** All runs in a store, in the order in which they began. */
    static List<RunView> runs(KVStore store) {
        List<RunView> found = new ArrayList<>();
        try {
            store.view(RunView.class).forEach(found::add);
        } catch (Exception e) {
            throw new IllegalStateException("runs cannot be read from Spark's store", e);
        }
        found.sort((a, b) -> Long.compare(a.started().time(), b.started().time()));
        return found;
    }
}
