package dev.tartan.collective.process;

import dev.tartan.collective.Communicator;
import dev.tartan.collective.Elements;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.algorithm.AlgorithmChoice;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.collective.transport.tcp.JobSecret;
import dev.tartan.collective.transport.tcp.ProcessGroup;
import dev.tartan.collective.transport.tcp.TcpEndpoint;
import dev.tartan.collective.transport.tcp.TcpNode;
import dev.tartan.collective.transport.tcp.TcpOptions;
import dev.tartan.graph.DType;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A rank of a group, in a real process of its own, which adds up until it is stopped. */
final class ChildRank implements AutoCloseable {
    static final int LENGTH = 1 << 20;

    private final Process process;
    private final BufferedReader fromChild;
    private final int port;

    private ChildRank(Process process, BufferedReader fromChild, int port) {
        this.process = process;
        this.fromChild = fromChild;
        this.port = port;
    }

    /** Starts it; with the heartbeat that runs have, or a quicker one. */
    static ChildRank start(Wiring wiring, boolean isQuick) throws IOException {
        String java = System.getProperty("java.home") + File.separator + "bin" + File.separator + "java";
        Process process = new ProcessBuilder(
                        java,
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ChildRank.class.getName(),
                        wiring.name(),
                        Boolean.toString(isQuick))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        return new ChildRank(process, reader, Integer.parseInt(reader.readLine()));
    }

    int port() {
        return port;
    }

    long pid() {
        return process.pid();
    }

    /** Sends the ports of all ranks, its own last, and a secret of printable bytes. */
    void join(List<Integer> ports, String secret) throws IOException {
        join(ports, ports.size() - 1, secret);
    }

    /** Sends the ports of all ranks, which of them it is, and a secret of printable bytes. */
    void join(List<Integer> ports, int rank, String secret) throws IOException {
        Writer writer = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
        for (int each : ports) {
            writer.write(each + " ");
        }
        writer.write("\n" + rank + "\n" + secret + "\n");
        writer.flush();
    }

    /** Forgets what the child has said so far. */
    void skipWords() throws IOException {
        while (fromChild.ready()) {
            fromChild.readLine();
        }
    }

    /** Waits for the child's word that it has added up a few times, or a few times more. */
    void awaitRunning() throws IOException {
        String line = fromChild.readLine();
        if (!"running".equals(line)) {
            throw new IOException("child rank did not run: line=" + line);
        }
    }

    /** Makes the child's rank fail. */
    void fail() throws IOException {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /** One round of what all ranks of these tests do; fails if the sum is wrong. */
    static void round(int rank, Communicator communicator, Elements region) {
        region.set(0, rank);
        region.set(LENGTH - 1, 2L * rank + 1);
        communicator.allReduce(region.region(), region.region(), DType.FLOAT32, ReduceKind.SUM, "round");
        int numRanks = communicator.numRanks();
        long expected = numRanks * (numRanks - 1L) / 2;
        if (region.get(0) != expected || region.get(LENGTH - 1) != 2 * expected + numRanks) {
            throw new AssertionError("sum is wrong: expected=" + expected + ", actual=" + region.get(0));
        }
    }

    public static void main(String[] arguments) throws IOException {
        Wiring wiring = Wiring.valueOf(arguments[0]);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        TcpEndpoint endpoint = SpawnRanks.bind();
        System.out.println(endpoint.port());
        List<Integer> ports = new ArrayList<>();
        for (String each : in.readLine().trim().split(" ", -1)) {
            ports.add(Integer.valueOf(each));
        }
        int rank = Integer.parseInt(in.readLine());
        JobSecret secret = JobSecret.of(in.readLine().getBytes(StandardCharsets.UTF_8));
        ProcessGroup processes = new ProcessGroup(rank, SpawnRanks.addresses(ports));
        TcpOptions options = SpawnRanks.options();
        boolean isQuick = Boolean.parseBoolean(arguments[1]);
        TcpNode node =
                TcpNode.join(endpoint, processes, secret, isQuick ? SpawnRanks.quickHeartbeat(options) : options);
        try (ProcessMesh mesh = new ProcessMesh(
                node,
                new MeshAxes(List.of("data"), List.of(ports.size())),
                SpawnRanks.meshOptions(wiring, AlgorithmChoice.defaults()))) {
            Communicator communicator = mesh.communicator(rank, List.of("data"));
            Elements region = Elements.allocate(DType.FLOAT32, LENGTH);
            for (int round = 0; ; round++) {
                round(rank, communicator, region);
                if (round % 20 == 3) {
                    System.out.println("running");
                }
                if (in.ready()) {
                    mesh.abort(rank, new IllegalStateException("boom"));
                }
            }
        }
    }
}
