package dev.tartan.spark.bench;

import dev.tartan.collective.transport.tcp.JobSecret;
import dev.tartan.spark.bench.RankReport.Kind;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A process per rank; none outlives this object, nor the JVM. */
final class RankProcesses implements AutoCloseable {
    private static final int START_SECONDS = 60;

    private final CollectivesPlan plan;
    private final BlockingQueue<RankReport> reports = new LinkedBlockingQueue<>();
    private final List<RankProcess> ranks = new CopyOnWriteArrayList<>();
    private final Thread killAll = new Thread(() -> ranks.forEach(RankProcess::kill), "tartan-bench-end");

    private RankProcesses(CollectivesPlan plan) {
        this.plan = plan;
    }

    /** Measures; gives the lines of JSON, one by one, to {@code lines}. */
    static void run(CollectivesPlan plan, Consumer<String> lines) throws InterruptedException {
        try (RankProcesses processes = new RankProcesses(plan)) {
            processes.start();
            processes.meet();
            processes.awaitDone(lines);
        }
    }

    private void start() {
        Runtime.getRuntime().addShutdownHook(killAll);
        for (int rank = 0; rank < plan.numRanks(); rank++) {
            ranks.add(RankProcess.start(plan, rank, reports));
        }
    }

    private void meet() throws InterruptedException {
        TreeMap<Integer, Integer> ports = new TreeMap<>();
        while (ports.size() < plan.numRanks()) {
            RankReport report = reports.poll(START_SECONDS, TimeUnit.SECONDS);
            if (report == null) {
                throw new BenchException("processes did not start in time: started=" + ports.keySet() + ", ranks="
                        + plan.numRanks() + ", seconds=" + START_SECONDS + ". Give fewer --ranks.");
            }
            failIfEnded(report);
            ports.put(report.rank(), Integer.valueOf(report.text()));
        }
        byte[] secret = JobSecret.random().bytes();
        ranks.forEach(rank -> rank.meet(List.copyOf(ports.values()), secret));
    }

    private void awaitDone(Consumer<String> lines) throws InterruptedException {
        TreeSet<Integer> done = new TreeSet<>();
        while (done.size() < plan.numRanks()) {
            RankReport report = reports.take();
            failIfEnded(report);
            if (report.kind() == Kind.DONE) {
                done.add(report.rank());
            } else {
                lines.accept(report.text());
            }
        }
    }

    private void failIfEnded(RankReport report) {
        switch (report.kind()) {
            case MISTAKE -> throw new IllegalArgumentException(report.text());
            case FAILURE -> throw new BenchException(report.text());
            case GONE ->
                throw new BenchException("process of rank " + report.rank() + " ended before it was done: "
                        + ranks.get(report.rank()).describeEnd() + ". See its messages.");
            case PORT, LINE, DONE -> {}
        }
    }

    @Override
    public void close() {
        ranks.forEach(RankProcess::close);
        try {
            Runtime.getRuntime().removeShutdownHook(killAll);
        } catch (IllegalStateException ignored) {
            // The JVM is ending.
        }
    }
}
