package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.ElementType;
import dev.tartan.collective.Elements;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.transport.tcp.JobSecret;
import dev.tartan.collective.transport.tcp.PortRange;
import dev.tartan.collective.transport.tcp.TcpEndpoint;
import dev.tartan.collective.transport.tcp.TcpGroup;
import dev.tartan.collective.transport.tcp.TcpOptions;
import dev.tartan.collective.transport.tcp.TcpTransport;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Times all-reduce over TCP between processes; run by hand, one process per rank, asserts nothing. Arguments: rank,
 * number of ranks, first port, segment bytes, algorithm or {@code pick}, payload sizes in bytes.
 */
final class TransportCollectivesBench {
    private TransportCollectivesBench() {}

    public static void main(String[] arguments) {
        int rank = Integer.parseInt(arguments[0]);
        int numRanks = Integer.parseInt(arguments[1]);
        int firstPort = Integer.parseInt(arguments[2]);
        AlgorithmChoice choice = AlgorithmChoice.defaults().withSegmentBytes(Long.parseLong(arguments[3]));
        if (!arguments[4].equals("pick")) {
            choice = choice.with(CollectiveOp.ALL_REDUCE, arguments[4]);
        }
        List<Integer> ports =
                IntStream.range(firstPort, firstPort + numRanks).boxed().toList();
        TcpEndpoint endpoint =
                TcpEndpoint.bind(InetAddress.getLoopbackAddress(), new PortRange(firstPort + rank, firstPort + rank));
        JobSecret secret = JobSecret.of("no secret among benches".getBytes(StandardCharsets.UTF_8));
        TcpGroup group = new TcpGroup("bench", rank, TcpRanks.peers(ports));
        TcpOptions options = TcpOptions.defaults()
                .withSocketBufferBytes(Integer.getInteger("socketBufferBytes", 0))
                .withSpin(Duration.ofNanos(1000L * Integer.getInteger("spinMicros", 50)));
        try (TcpTransport transport = TcpTransport.connect(endpoint, group, secret, options)) {
            TransportCommunicator communicator = new TransportCommunicator(transport, choice);
            for (String size : Arrays.asList(arguments).subList(5, arguments.length)) {
                measure(communicator, Integer.parseInt(size));
            }
        }
    }

    private static void measure(TransportCommunicator communicator, int bytes) {
        MemoryRegion input = Elements.allocate(ElementType.FLOAT32, bytes / 4).region();
        MemoryRegion output = Elements.allocate(ElementType.FLOAT32, bytes / 4).region();
        CollectiveCall call =
                CollectiveCall.allReduce(input, output, ElementType.FLOAT32, ReduceKind.SUM, "all_reduce");
        int times = bytes <= 65_536 ? 3000 : 21;
        for (int time = 0; time < times; time++) {
            communicator.run(call);
        }
        double[] micros = new double[times];
        for (int time = 0; time < times; time++) {
            communicator.barrier("start");
            long start = System.nanoTime();
            communicator.run(call);
            micros[time] = (System.nanoTime() - start) / 1e3;
        }
        Arrays.sort(micros);
        double median = micros[times / 2];
        int numRanks = communicator.numRanks();
        if (communicator.rank() == 0) {
            System.out.printf(
                    Locale.ROOT,
                    "{\"op\":\"all_reduce\",\"transport\":\"tcp\",\"algorithm\":\"%s\",\"ranks\":%d,\"bytes\":%d,"
                            + "\"median_us\":%.1f,\"busbw_GBps\":%.2f}%n",
                    communicator.algorithm(CollectiveOp.ALL_REDUCE, bytes),
                    numRanks,
                    bytes,
                    median,
                    bytes / median / 1e3 * 2 * (numRanks - 1) / numRanks);
        }
    }
}
