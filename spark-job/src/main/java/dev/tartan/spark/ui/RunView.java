package dev.tartan.spark.ui;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import dev.tartan.spark.ui.RunEvent.LossPoint;
import dev.tartan.spark.ui.RunEvent.Note;
import dev.tartan.spark.ui.RunEvent.RankPlace;
import dev.tartan.spark.ui.RunEvent.RankTime;
import dev.tartan.spark.ui.RunEvent.RunState;
import dev.tartan.spark.ui.RunEvent.StepPoint;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import org.apache.spark.util.kvstore.KVIndex;
import org.jspecify.annotations.Nullable;

/**
 * All that the tab shows of a run: its events so far, with at most {@value #MOST_POINTS} steps. Immutable, so that
 * pages read it while others follow; Spark keeps it in its store, in the history server on disk.
 *
 * @param ranks where they are; none before they have begun
 * @param mfu of the last step; null if it is not known
 * @param times of ranks, in order; none yet if none told any
 * @param traced null if no steps were
 * @param ended null while the run goes on
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record RunView(
        RunEvent.Started started,
        List<RankPlace> ranks,
        List<StepPoint> points,
        List<LossPoint> validations,
        @Nullable Double mfu,
        List<RankTime> times,
        List<Note> notes,
        RunEvent.@Nullable Traced traced,
        RunEvent.@Nullable Ended ended) {
    static final int MOST_POINTS = 1000;
    static final int MOST_NOTES = 200;

    static RunView of(RunEvent.Started started) {
        return new RunView(started, List.of(), List.of(), List.of(), null, List.of(), List.of(), null, null);
    }

    /** What Spark's store finds it by. */
    @KVIndex
    @JsonIgnore
    public String id() {
        return started.run();
    }

    /** What the run is after one more event. */
    RunView after(RunEvent event) {
        if (event instanceof RunEvent.Placed placed) {
            return new RunView(
                    started, List.copyOf(placed.ranks()), points, validations, mfu, times, notes, traced, ended);
        }
        if (event instanceof RunEvent.Progressed progressed) {
            return after(progressed);
        }
        if (event instanceof RunEvent.Traced steps) {
            return new RunView(started, ranks, points, validations, mfu, times, notes, steps, ended);
        }
        return event instanceof RunEvent.Ended end
                ? new RunView(started, ranks, points, validations, mfu, times, notes, traced, end)
                : this;
    }

    private RunView after(RunEvent.Progressed progressed) {
        TreeMap<Integer, RankTime> byRank = new TreeMap<>();
        times.forEach(time -> byRank.put(time.rank(), time));
        progressed.ranks().forEach(time -> byRank.put(time.rank(), time));
        return new RunView(
                started,
                ranks,
                joined(points, progressed.points(), StepPoint::step),
                joined(validations, progressed.validations(), LossPoint::step),
                progressed.points().isEmpty() ? mfu : progressed.mfu(),
                List.copyOf(byRank.values()),
                latest(notes, progressed.notes()),
                traced,
                ended);
    }

    /** Old ones up to the first new one, and the new ones; every other one of them where they are too many. */
    private static <T> List<T> joined(List<T> old, List<T> added, ToLongFunction<T> step) {
        if (added.isEmpty()) {
            return old;
        }
        long first = step.applyAsLong(added.get(0));
        List<T> all = new ArrayList<>(
                old.stream().filter(point -> step.applyAsLong(point) < first).toList());
        all.addAll(added);
        while (all.size() > MOST_POINTS) {
            List<T> thinned = new ArrayList<>();
            for (int i = (all.size() - 1) % 2; i < all.size(); i += 2) {
                thinned.add(all.get(i));
            }
            all = thinned;
        }
        return List.copyOf(all);
    }

    private static List<Note> latest(List<Note> old, List<Note> added) {
        List<Note> all = new ArrayList<>(old);
        all.addAll(added);
        return List.copyOf(all.subList(Math.max(0, all.size() - MOST_NOTES), all.size()));
    }

    /** How it is now. */
    RunState state() {
        return ended == null ? RunState.RUNNING : ended.state();
    }

    /** The last step known; null before the first. */
    @Nullable
    StepPoint last() {
        return points.isEmpty() ? null : points.get(points.size() - 1);
    }
}
