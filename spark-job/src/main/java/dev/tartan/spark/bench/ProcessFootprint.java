package dev.tartan.spark.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * What one process of the bench holds, and how long its ranks took to get there.
 *
 * @param sockets open when all is measured, those that listen and those for control included
 * @param peakResidentMiB of the process so far
 * @param formSeconds from when the process knows all addresses until the last of its ranks has formed the group
 * @param firstCallSeconds of the slowest rank's first call, which opens the links that it needs
 * @param links by kind; one within the process counts for both its ranks
 */
record ProcessFootprint(
        long sockets, long peakResidentMiB, double formSeconds, double firstCallSeconds, Map<String, Integer> links) {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final long KIB_PER_MIB = 1024;

    /** Of this process, on Linux. */
    static ProcessFootprint ofThisProcess(BenchMeshes meshes) throws IOException {
        return new ProcessFootprint(
                openSockets(),
                peakResidentKiB() / KIB_PER_MIB,
                meshes.times().formSeconds(),
                meshes.times().firstCallSeconds(),
                meshes.numLinks());
    }

    private static long openSockets() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            return files.filter(ProcessFootprint::isSocket).count();
        }
    }

    private static boolean isSocket(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
        } catch (IOException e) {
            // Closed meanwhile, as that of the listing itself.
            return false;
        }
    }

    private static long peakResidentKiB() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"), StandardCharsets.US_ASCII)) {
            if (line.startsWith("VmHWM:")) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IOException("/proc/self/status has no VmHWM");
    }

    /** For a report to the process that prints. */
    String text() {
        return write(this);
    }

    /** Reads what {@link #text} wrote. */
    static ProcessFootprint parse(String text) {
        try {
            return MAPPER.readValue(text, ProcessFootprint.class);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("footprint cannot be read: text=" + text + ". Report this.", e);
        }
    }

    /** The line of JSON about all processes, in their order. */
    static String json(CollectivesPlan plan, List<ProcessFootprint> processes) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("transport", plan.transport().label());
        line.put("ranks", plan.numRanks());
        line.put("processes", plan.numProcesses());
        line.put("form_s", seconds(processes.stream().mapToDouble(ProcessFootprint::formSeconds)));
        line.put("first_call_s", seconds(processes.stream().mapToDouble(ProcessFootprint::firstCallSeconds)));
        line.put("sockets", processes.stream().map(ProcessFootprint::sockets).toList());
        line.put(
                "peak_resident_MiB",
                processes.stream().map(ProcessFootprint::peakResidentMiB).toList());
        line.put("links", processes.stream().map(ProcessFootprint::links).toList());
        return write(line);
    }

    private static double seconds(DoubleStream times) {
        return Math.round(times.max().orElse(0) * 1000) / 1000.0;
    }

    private static String write(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("footprint cannot be written: " + value + ". Report this.", e);
        }
    }
}
