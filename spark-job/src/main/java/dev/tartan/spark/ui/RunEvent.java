package dev.tartan.spark.ui;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.util.List;
import java.util.Map;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.jspecify.annotations.Nullable;

/**
 * What happened to a run, on Spark's listener bus and in its event log. Plain data that Jackson writes and reads; a
 * field that is not known is passed over, so that a history server may be older than the job.
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public sealed interface RunEvent extends SparkListenerEvent {
    /** Which run; no other of the application has it. */
    String run();

    /** When, in milliseconds since 1970. */
    long time();

    /**
     * A run begins.
     *
     * @param network what a person calls it
     * @param mesh size of every axis, in the order of the mesh
     * @param steps how many it is to make
     * @param parameters number of trained values
     * @param unit what speed is counted in: {@code tokens} or {@code samples}
     * @param output the folder of its results; null for none
     * @param memory of one device, as planned, the largest at its peak
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Started(
            String run,
            long time,
            String network,
            Map<String, Integer> mesh,
            long steps,
            long parameters,
            String unit,
            @Nullable String output,
            List<MemoryPart> memory)
            implements RunEvent {}

    /**
     * An attempt's ranks have begun.
     *
     * @param ranks where each is, in order
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Placed(String run, long time, List<RankPlace> ranks) implements RunEvent {}

    /**
     * What came since the last event of the kind, which is a second before or more.
     *
     * @param points some of the steps, the last among them, in order; a step that was there before is made anew, and
     *     those after it are gone
     * @param mfu model FLOPs utilization of the last step; null if it is not known
     * @param validations all of them
     * @param ranks the latest times of those ranks that told some
     * @param notes checkpoints, failures, and the like
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Progressed(
            String run,
            long time,
            List<StepPoint> points,
            @Nullable Double mfu,
            List<LossPoint> validations,
            List<RankTime> ranks,
            List<Note> notes)
            implements RunEvent {}

    /**
     * Steps were traced.
     *
     * @param firstStep counted from 0
     * @param steps how many
     * @param ops what rank 0 did, longest first
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Traced(String run, long time, long firstStep, int steps, List<OpTime> ops) implements RunEvent {}

    /**
     * A run is over.
     *
     * @param state how it ended
     * @param reason why, in one line, if not as it should; else null
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Ended(
            String run, long time, RunState state, @Nullable String reason) implements RunEvent {}

    /** How a run is. */
    enum RunState {
        RUNNING,
        DONE,
        STOPPED,
        FAILED
    }

    /** Bytes of one kind. */
    record MemoryPart(String name, long bytes) {}

    /**
     * Where a rank is.
     *
     * @param executor Spark's name of it
     * @param gpu address of its GPU; null if Spark gave none
     */
    record RankPlace(
            int rank,
            String executor,
            String host,
            @Nullable String gpu) {}

    /**
     * A step.
     *
     * @param step counted from 0
     * @param speed tokens or samples a second, of all ranks
     * @param millis wall time
     */
    record StepPoint(long step, double loss, double speed, double millis) {}

    /** A validation's loss after a step, counted from 0. */
    record LossPoint(long step, double loss) {}

    /**
     * What a rank's thread did in a step, as the mean of its last ones.
     *
     * @param millis the whole step
     * @param dataMillis waiting for samples
     * @param exposedMillis starting, running and awaiting collectives
     */
    record RankTime(int rank, double millis, double dataMillis, double exposedMillis) {}

    /**
     * One kind of op in one phase of a step.
     *
     * @param calls in a step
     * @param millis of all calls
     */
    record OpTime(String op, String phase, long calls, double millis) {}

    /**
     * Something that happened.
     *
     * @param kind in a word
     * @param text in a line
     */
    record Note(long time, String kind, String text) {}
}
