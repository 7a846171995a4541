package dev.tartan.spark.runtime;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.StageInfo;
import org.apache.spark.util.AccumulatorContext;
import scala.None$;
import scala.Option;
import scala.Some;

/**
 * Shows values of a running job as accumulators on its stage's page in Spark's UI, which it brings up to date with the
 * executors' heartbeats. Real accumulators would show when a task ends, and the tasks of a mesh end with the run.
 */
final class StageNotes {
    private final Map<String, Long> ids = new HashMap<>();

    /** Shows a value in place of the one that has the same name. */
    synchronized void show(StageInfo stage, String name, Object value) {
        long id = ids.computeIfAbsent(name, added -> AccumulatorContext.newId());
        AccumulableInfo shown =
                new AccumulableInfo(id, new Some<>(name), none(), new Some<>(value.toString()), false, false, none());
        Option<AccumulableInfo> unused = stage.accumulables().put(id, shown);
    }

    @SuppressWarnings("unchecked")
    private static <T> Option<T> none() {
        return (Option<T>) None$.MODULE$;
    }
}
