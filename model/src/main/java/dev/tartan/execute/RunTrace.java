package dev.tartan.execute;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What one rank's streams did in one run of a program.
 *
 * @param beganNanos {@link System#nanoTime} when the run began
 * @param spans by stream in the order of the program; those of one stream do not overlap
 */
public record RunTrace(long beganNanos, List<TraceSpan> spans) {
    public RunTrace {
        spans = List.copyOf(spans);
    }

    /** Nanoseconds of the stream that computes by label, largest first. */
    public Map<String, Long> computingByLabel() {
        Map<String, Long> nanos = new LinkedHashMap<>();
        spans.stream()
                .filter(TraceSpan::isComputing)
                .forEach(span -> nanos.merge(span.label(), span.nanos(), Long::sum));
        Map<String, Long> sorted = new LinkedHashMap<>();
        nanos.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
        return sorted;
    }
}
