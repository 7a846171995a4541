package dev.tartan.spark.bench;

import dev.tartan.collective.transport.tcp.JobSecret;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The processes of the ranks; none outlives this object, nor the JVM. */
final class RankProcesses implements AutoCloseable {
    private static final int START_SECONDS = 60;

    private final CollectivesPlan plan;
    private final BlockingQueue<RankReport> reports = new LinkedBlockingQueue<>();
    private final List<RankProcess> processes = new CopyOnWriteArrayList<>();
    private final Thread killAll = new Thread(() -> processes.forEach(RankProcess::kill), "tartan-bench-end");

    private RankProcesses(CollectivesPlan plan) {
        this.plan = plan;
    }

    /** Measures; gives the lines of JSON, one by one, to {@code lines}. */
    static void run(CollectivesPlan plan, Consumer<String> lines) throws InterruptedException {
        try (RankProcesses all = new RankProcesses(plan)) {
            all.start();
            all.meet();
            all.awaitDone(lines);
        }
    }

    private void start() {
        Runtime.getRuntime().addShutdownHook(killAll);
        for (int process = 0; process < plan.numProcesses(); process++) {
            processes.add(RankProcess.start(plan, process, reports));
        }
    }

    private void meet() throws InterruptedException {
        TreeMap<Integer, Integer> ports = new TreeMap<>();
        while (ports.size() < plan.numProcesses()) {
            RankReport report = reports.poll(START_SECONDS, TimeUnit.SECONDS);
            if (report == null) {
                throw new BenchException("processes did not start in time: started=" + ports.keySet() + ", processes="
                        + plan.numProcesses() + ", seconds=" + START_SECONDS + ". Give fewer --processes.");
            }
            failIfEnded(report);
            ports.put(report.process(), Integer.valueOf(report.text()));
        }
        byte[] secret = JobSecret.random().bytes();
        processes.forEach(process -> process.meet(List.copyOf(ports.values()), secret));
    }

    private void awaitDone(Consumer<String> lines) throws InterruptedException {
        TreeSet<Integer> done = new TreeSet<>();
        TreeMap<Integer, ProcessFootprint> footprints = new TreeMap<>();
        while (done.size() < plan.numProcesses()) {
            RankReport report = reports.take();
            failIfEnded(report);
            switch (report.kind()) {
                case DONE -> done.add(report.process());
                case FOOTPRINT -> footprints.put(report.process(), ProcessFootprint.parse(report.text()));
                default -> lines.accept(report.text());
            }
        }
        if (plan.ranksPerProcess() > 1) {
            lines.accept(ProcessFootprint.json(plan, List.copyOf(footprints.values())));
        }
    }

    private void failIfEnded(RankReport report) {
        switch (report.kind()) {
            case MISTAKE -> throw new IllegalArgumentException(report.text());
            case FAILURE -> throw new BenchException(report.text());
            case GONE ->
                throw new BenchException("process " + report.process() + " ended before it was done: "
                        + processes.get(report.process()).describeEnd() + ". See its messages.");
            case PORT, LINE, FOOTPRINT, DONE -> {}
        }
    }

    @Override
    public void close() {
        processes.forEach(RankProcess::close);
        try {
            Runtime.getRuntime().removeShutdownHook(killAll);
        } catch (IllegalStateException ignored) {
            // The JVM is ending.
        }
    }
}
