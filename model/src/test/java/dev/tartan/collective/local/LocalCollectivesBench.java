package dev.tartan.collective.local;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.Elements;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.ReduceKind;
import dev.tartan.graph.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Prints times of the local collectives; run by hand, asserts nothing. Arguments: numbers of ranks, default 2 4. */
final class LocalCollectivesBench {
    private static final int[] BYTES = {4, 4096, 65_536, 1 << 20, 16 << 20, 64 << 20};

    private LocalCollectivesBench() {}

    public static void main(String[] arguments) {
        List<Integer> sizes = arguments.length == 0
                ? List.of(2, 4)
                : Stream.of(arguments).map(Integer::valueOf).toList();
        for (int numRanks : sizes) {
            for (int bytes : BYTES) {
                Ranks.spawn(numRanks, (rank, communicator) -> {
                    MemoryRegion input =
                            Elements.allocate(DType.FLOAT32, bytes / 4).region();
                    MemoryRegion output =
                            Elements.allocate(DType.FLOAT32, bytes / 4).region();
                    long chunk = bytes / 4 / numRanks * 4L;
                    CollectiveCall[] calls = {
                        CollectiveCall.allReduce(input, output, DType.FLOAT32, ReduceKind.SUM, "all_reduce"),
                        CollectiveCall.reduceScatter(
                                input.slice(0, chunk * numRanks),
                                output.slice(0, chunk),
                                DType.FLOAT32,
                                ReduceKind.SUM,
                                "reduce_scatter"),
                        CollectiveCall.allGather(
                                input.slice(0, chunk), output.slice(0, chunk * numRanks), DType.FLOAT32, "all_gather"),
                        CollectiveCall.allToAll(
                                input.slice(0, chunk * numRanks),
                                output.slice(0, chunk * numRanks),
                                DType.FLOAT32,
                                "all_to_all")
                    };
                    int warm = bytes <= 65_536 ? 5000 : 20;
                    double[] micros = new double[bytes <= 65_536 ? 5000 : 31];
                    for (CollectiveCall call : calls) {
                        for (int i = 0; i < warm; i++) {
                            communicator.run(call);
                        }
                        for (int i = 0; i < micros.length; i++) {
                            long start = System.nanoTime();
                            communicator.run(call);
                            micros[i] = (System.nanoTime() - start) / 1e3;
                        }
                        Arrays.sort(micros);
                        double median = micros[micros.length / 2];
                        double factor = (call.op() == CollectiveOp.ALL_REDUCE ? 2.0 : 1.0) * (numRanks - 1) / numRanks;
                        if (rank == 0) {
                            System.out.printf(
                                    Locale.ROOT,
                                    "{\"op\":\"%s\",\"transport\":\"local\",\"ranks\":%d,\"bytes\":%d,"
                                            + "\"median_us\":%.1f,\"busbw_GBps\":%.2f}%n",
                                    call.tag(),
                                    numRanks,
                                    bytes,
                                    median,
                                    bytes / median / 1e3 * factor);
                        }
                    }
                });
            }
        }
    }
}
