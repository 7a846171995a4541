package dev.tartan.spark.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.collective.transport.tcp.JobSecret;
import dev.tartan.collective.transport.tcp.PortRange;
import dev.tartan.collective.transport.tcp.ProcessAddress;
import dev.tartan.collective.transport.tcp.ProcessGroup;
import dev.tartan.collective.transport.tcp.TcpEndpoint;
import dev.tartan.collective.transport.tcp.TcpNode;
import dev.tartan.spark.bench.RankReport.Kind;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * The main class of a process that holds some ranks; started by {@link RankProcess} only. Arguments: which process it
 * is, plan as JSON. Says on stdout where it listens ({@link RankReport}), reads from stdin the ports of all and the
 * secret, measures, and lives until stdin is closed, which also happens when whoever started it is killed.
 */
final class CollectivesBenchProcess {
    private static final int FAILED = 1;

    private CollectivesBenchProcess() {}

    /** Runs the ranks. */
    public static void main(String[] arguments) {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try {
            int process = Integer.parseInt(arguments[0]);
            run(process, new ObjectMapper().readValue(arguments[1], CollectivesPlan.class), in);
        } catch (IllegalArgumentException e) {
            report(Kind.MISTAKE, String.valueOf(e.getMessage()));
        } catch (Exception | Error e) {
            boolean known = e.getClass().getName().startsWith("dev.tartan.");
            report(Kind.FAILURE, known ? String.valueOf(e.getMessage()) : e.toString());
        }
        Runtime.getRuntime().halt(FAILED);
    }

    private static void run(int process, CollectivesPlan plan, BufferedReader in)
            throws IOException, InterruptedException {
        OpenFiles.require(plan, process);
        TcpEndpoint endpoint = TcpEndpoint.bind(InetAddress.getLoopbackAddress(), PortRange.any());
        report(Kind.PORT, Integer.toString(endpoint.port()));
        List<ProcessAddress> addresses = new ArrayList<>();
        for (String port : line(in).split(" ", -1)) {
            addresses.add(new ProcessAddress(
                    Integer.toString(addresses.size()),
                    InetAddress.getLoopbackAddress().getHostAddress(),
                    Integer.parseInt(port),
                    "this machine"));
        }
        JobSecret secret = JobSecret.of(Base64.getDecoder().decode(line(in)));
        Thread parent = endWithParent(in);
        long startNanos = System.nanoTime();
        TcpNode node = TcpNode.join(endpoint, new ProcessGroup(process, addresses), secret, plan.tcpOptions());
        BenchMeshes meshes = BenchMeshes.among(plan, node, startNanos);
        int ranks = plan.ranksPerProcess();
        RankThreads.run(plan, process * ranks, ranks, meshes, line -> report(Kind.LINE, line));
        report(Kind.FOOTPRINT, ProcessFootprint.ofThisProcess(meshes).text());
        // A process that left now would fail those whose ranks are still in the last call.
        report(Kind.DONE, "");
        parent.join();
    }

    private static String line(BufferedReader in) throws IOException {
        String line = in.readLine();
        if (line == null) {
            throw new EOFException("stdin was closed before the ranks could meet");
        }
        return line;
    }

    private static Thread endWithParent(BufferedReader in) {
        Thread thread = new Thread(
                () -> {
                    try {
                        while (in.readLine() != null) {
                            // Nothing more is to come.
                        }
                    } catch (IOException ignored) {
                        // It is closed all the same.
                    }
                    Runtime.getRuntime().halt(FAILED);
                },
                "tartan-bench-parent");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private static void report(Kind kind, String text) {
        System.out.println(RankReport.line(kind, text));
        System.out.flush();
    }
}
