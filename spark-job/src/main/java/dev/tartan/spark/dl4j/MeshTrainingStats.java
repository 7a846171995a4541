package dev.tartan.spark.dl4j;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.spark.SparkContext;
import org.deeplearning4j.spark.api.stats.SparkTrainingStats;
import org.deeplearning4j.spark.stats.BaseEventStats;
import org.deeplearning4j.spark.stats.EventStats;
import org.deeplearning4j.spark.util.SparkUtils;
import org.jspecify.annotations.Nullable;

/** How long the parts of fits took on the driver, as DL4J shows such times: a list of events by part. */
final class MeshTrainingStats implements SparkTrainingStats {
    private static final long serialVersionUID = 1;

    private final Map<String, List<EventStats>> events = new LinkedHashMap<>();

    /** Runs a part of a fit and notes how long it took. */
    <T> T timed(String part, Supplier<T> what) {
        long start = System.currentTimeMillis();
        T made = what.get();
        add(part, new BaseEventStats(start, System.currentTimeMillis() - start));
        return made;
    }

    private void add(String part, EventStats event) {
        events.computeIfAbsent(part, absent -> new ArrayList<>()).add(event);
    }

    @Override
    public Set<String> getKeySet() {
        return Collections.unmodifiableSet(events.keySet());
    }

    @Override
    public List<EventStats> getValue(String key) {
        List<EventStats> found = events.get(key);
        if (found == null) {
            throw new IllegalArgumentException(
                    "statistics have no such part: key=" + key + ", keys=" + events.keySet() + ".");
        }
        return Collections.unmodifiableList(found);
    }

    @Override
    public String getShortNameForKey(String key) {
        return key;
    }

    @Override
    public boolean defaultIncludeInPlots(String key) {
        return true;
    }

    @Override
    public void addOtherTrainingStats(SparkTrainingStats other) {
        other.getKeySet().forEach(key -> other.getValue(key).forEach(event -> add(key, event)));
    }

    /** There are none of workers. */
    @Override
    public @Nullable SparkTrainingStats getNestedTrainingStats() {
        return null;
    }

    @Override
    public String statsAsString() {
        StringBuilder text = new StringBuilder();
        events.forEach((key, all) -> text.append(String.format(DEFAULT_PRINT_FORMAT, key))
                .append(durations(all))
                .append('\n'));
        return text.toString();
    }

    private static String durations(List<EventStats> all) {
        return all.stream().map(event -> event.getDurationMs() + " ms").collect(Collectors.joining(", "));
    }

    /** A file of each part, with a line an event. */
    @Override
    public void exportStatFiles(String outputPath, SparkContext spark) throws IOException {
        for (Map.Entry<String, List<EventStats>> entry : events.entrySet()) {
            StringBuilder lines = new StringBuilder();
            for (EventStats event : entry.getValue()) {
                lines.append(lines.length() == 0 ? event.getStringHeader(",") + "\n" : "")
                        .append(event.asString(","))
                        .append('\n');
            }
            String folder = outputPath.endsWith("/") ? outputPath : outputPath + "/";
            SparkUtils.writeStringToFile(folder + "mesh_" + entry.getKey() + ".txt", lines.toString(), spark);
        }
    }
}
