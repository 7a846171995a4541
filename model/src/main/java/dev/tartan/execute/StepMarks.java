package dev.tartan.execute;

import dev.tartan.backend.Device;
import dev.tartan.backend.Stream;
import dev.tartan.backend.TimedEvent;
import dev.tartan.execute.Step.Started;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The times of one run's steps, as events of the streams tell them. Used once. */
final class StepMarks {
    private final List<Step> steps;
    private final TimedEvent begin;
    private final TimedEvent[] ends;
    /** By step, when what it started ran; null for those that start nothing. */
    private final @Nullable Step.Times[] started;

    private long beganNanos;

    StepMarks(List<Step> steps, Device device) {
        this.steps = steps;
        this.begin = device.timedEvent();
        this.ends = new TimedEvent[steps.size()];
        this.started = new Step.Times[steps.size()];
        for (int i = 0; i < ends.length; i++) {
            ends[i] = device.timedEvent();
            started[i] = steps.get(i) instanceof Started ? Step.Times.on(device) : null;
        }
    }

    /** Nothing may be under way. */
    void begin(Stream compute) {
        compute.record(begin);
        beganNanos = System.nanoTime();
    }

    /** Enqueues a step between marks. */
    void enqueue(int index, Stream compute) {
        if (steps.get(index) instanceof Started step) {
            step.enqueue(compute, started[index]);
        } else {
            steps.get(index).enqueue(compute);
        }
        compute.record(ends[index]);
    }

    /** The label of what a label says is started. */
    private static String collective(String started) {
        return started.substring(started.indexOf(' ') + 1);
    }

    /**
     * What the marks say; all must be done.
     *
     * @param instructions by step
     */
    RunTrace trace(List<Integer> instructions) {
        List<TraceSpan> spans = new ArrayList<>();
        long last = 0;
        for (int i = 0; i < ends.length; i++) {
            long end = ends[i].nanosSince(begin);
            spans.add(new TraceSpan(
                    TraceSpan.COMPUTE, instructions.get(i), steps.get(i).label(), last, end));
            last = end;
        }
        for (int i = 0; i < ends.length; i++) {
            Step.Times times = started[i];
            if (times != null && steps.get(i) instanceof Started step) {
                spans.add(new TraceSpan(
                        step.axis(),
                        instructions.get(i),
                        collective(step.label()),
                        times.before().nanosSince(begin),
                        times.after().nanosSince(begin)));
            }
        }
        return new RunTrace(beganNanos, spans);
    }
}
