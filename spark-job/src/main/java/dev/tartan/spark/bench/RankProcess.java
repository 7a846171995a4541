package dev.tartan.spark.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.spark.bench.RankReport.Kind;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** A Java process of its own for some ranks, with this one's class path. It ends when this one does. */
final class RankProcess implements AutoCloseable {
    /** Small, and with no threads for garbage collection that would want the processors of other ranks. */
    private static final List<String> FLAGS = List.of(
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
            "-Xmx512m",
            "-XX:MaxDirectMemorySize=4g",
            "-XX:+UseSerialGC");

    private final int index;
    private final Process process;

    private RankProcess(int index, Process process) {
        this.index = index;
        this.process = process;
    }

    /** Starts the process; what it reports goes to {@code reports}. */
    static RankProcess start(CollectivesPlan plan, int index, BlockingQueue<RankReport> reports) {
        ProcessBuilder builder = new ProcessBuilder();
        builder.command().add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        builder.command().addAll(FLAGS);
        builder.command().add(CollectivesBenchProcess.class.getName());
        builder.command().add(Integer.toString(index));
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        try {
            builder.command().add(new ObjectMapper().writeValueAsString(plan));
            Process process = builder.redirectError(Redirect.INHERIT).start();
            Thread reader = new Thread(() -> read(process, index, reports), "tartan-bench-process-" + index);
            reader.setDaemon(true);
            reader.start();
            return new RankProcess(index, process);
        } catch (IOException e) {
            throw new BenchException("process " + index + " cannot be started: " + e, e);
        }
    }

    private static void read(Process process, int index, BlockingQueue<RankReport> reports) {
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                RankReport report = RankReport.parse(index, line);
                if (report == null) {
                    System.err.println("process " + index + ": " + line);
                } else {
                    reports.add(report);
                }
            }
        } catch (IOException ignored) {
            // It was closed on this side.
        }
        reports.add(new RankReport(index, Kind.GONE, ""));
    }

    /** Tells it where all ranks listen and what they prove themselves by; not by its arguments, which all can see. */
    void meet(List<Integer> ports, byte[] secret) {
        String text = ports.stream().map(String::valueOf).collect(Collectors.joining(" ")) + "\n"
                + Base64.getEncoder().encodeToString(secret) + "\n";
        try {
            OutputStream toRank = process.getOutputStream();
            toRank.write(text.getBytes(StandardCharsets.UTF_8));
            toRank.flush();
        } catch (IOException e) {
            throw new BenchException("process " + index + " does not listen: " + e + ". See its messages.", e);
        }
    }

    /** For example {@code exitCode=137}; waits for it a little. */
    String describeEnd() {
        return process.onExit()
                .thenApply(ended -> "exitCode=" + ended.exitValue())
                .completeOnTimeout("exitCode=unknown", 2, TimeUnit.SECONDS)
                .join();
    }

    /** Ends the process. Callable from any thread. */
    void kill() {
        process.destroyForcibly();
    }

    /** Ends the process and waits until it is gone. */
    @Override
    public void close() {
        kill();
        process.onExit().completeOnTimeout(process, 5, TimeUnit.SECONDS).join();
    }
}
