package dev.tartan.spark.cli;

import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.algorithm.AlgorithmChoice;
import dev.tartan.collective.transport.tcp.TcpOptions;
import dev.tartan.graph.DType;
import dev.tartan.spark.bench.BenchTransport;
import dev.tartan.spark.bench.CollectivesBench;
import dev.tartan.spark.bench.CollectivesPlan;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Times collectives between ranks on this machine. */
final class BenchCollectives {
    private static final List<Integer> SIZES = List.of(4096, 65_536, 1 << 20, 16 << 20, 64 << 20);
    private static final long MOST_BYTES = 2L << 30;

    @Option(
            names = "--op",
            paramLabel = "OP",
            defaultValue = "all_reduce",
            description = "all_reduce (default), reduce_scatter, all_gather, all_to_all, broadcast or barrier.")
    private String op = "";

    @Option(
            names = "--transport",
            paramLabel = "NAME",
            defaultValue = "tcp",
            description =
                    "tcp (default) or shm: between processes, one for each rank unless --processes. local: each is a thread of one,"
                            + " which works without messages ('shared') unless --algorithm names another.")
    private String transport = "";

    @Option(names = "--ranks", paramLabel = "N", defaultValue = "2", description = "Number of ranks, 2 if not given.")
    private int ranks;

    @Option(
            names = "--processes",
            paramLabel = "N",
            description =
                    "Processes over which ranks are spread, as threads; one for each rank if not given. With"
                            + " several in each, says also what sockets and memory they take, and how long a group takes to form.")
    private @Nullable Integer processes;

    @Option(
            names = "--bytes",
            paramLabel = "LIST",
            split = ",",
            hideParamSyntax = true,
            description = "Sizes of the whole buffer (of all chunks, where ranks have one each); if not given"
                    + " 4096,65536,1048576,16777216,67108864, as far as all ranks together take up to 2 GiB.")
    private @Nullable List<Integer> bytes;

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            defaultValue = "float32",
            description = "float32 (default), float64, int32 or bfloat16.")
    private String type = "";

    @Option(
            names = "--algorithm",
            paramLabel = "NAME",
            description = "Measure this one, not the one that a run would pick.")
    private @Nullable String algorithm;

    @Option(names = "--all", description = "Measure every algorithm at every size.")
    private boolean all;

    @Option(names = "--repeat", paramLabel = "N", defaultValue = "1", description = "Rounds over all sizes; 1.")
    private int repeat;

    @Option(
            names = "--warm-up-millis",
            paramLabel = "N",
            defaultValue = "1500",
            description = "Calls before a size is timed first, so that Java has compiled them; ${DEFAULT-VALUE}.")
    private int warmUpMillis;

    @Option(names = "--segment-bytes", paramLabel = "N", description = "As collective.segmentBytes of a run.")
    private @Nullable Long segmentBytes;

    @Option(names = "--streams", paramLabel = "N", description = "Connections between two ranks, over tcp.")
    private @Nullable Integer streams;

    @Option(names = "--encrypt", description = "Encrypt the connections, over tcp.")
    private boolean encrypt;

    @Option(names = "--spin-micros", paramLabel = "N", description = "How long a waiting rank polls before it sleeps.")
    private @Nullable Long spinMicros;

    @Option(names = "--socket-buffer-bytes", paramLabel = "N", description = "Asked of the kernel, over tcp.")
    private @Nullable Integer socketBufferBytes;

    /** Measures; prints a line of JSON by {@code lines} as soon as it is known. */
    void measure(Consumer<String> lines) throws InterruptedException {
        CollectivesBench.run(plan(), lines);
    }

    private CollectivesPlan plan() {
        CollectiveOp collective = named("--op", op, CollectiveOp::label, operations());
        TcpOptions tcp = TcpOptions.defaults();
        BenchTransport carrier =
                named("--transport", transport, BenchTransport::label, List.of(BenchTransport.values()));
        return new CollectivesPlan(
                collective,
                carrier,
                ranks,
                processes != null ? processes : carrier == BenchTransport.LOCAL ? 1 : ranks,
                bytes != null ? bytes : collective == CollectiveOp.BARRIER ? List.of(0) : sizes(),
                named("--type", type, each -> each.name().toLowerCase(Locale.ROOT), types()),
                algorithm,
                all,
                segmentBytes != null ? segmentBytes : AlgorithmChoice.defaults().segmentBytes(),
                streams != null ? streams : tcp.streams(),
                encrypt,
                spinMicros != null ? spinMicros : tcp.spin().toNanos() / 1000,
                socketBufferBytes != null ? socketBufferBytes : tcp.socketBufferBytes(),
                repeat,
                warmUpMillis);
    }

    private List<Integer> sizes() {
        return SIZES.stream().filter(size -> (long) size * ranks <= MOST_BYTES).toList();
    }

    private static List<CollectiveOp> operations() {
        return Arrays.stream(CollectiveOp.values())
                .filter(each -> !each.isPointToPoint())
                .toList();
    }

    private static List<DType> types() {
        return Arrays.stream(DType.values()).filter(each -> each != DType.BOOL).toList();
    }

    private static <T> T named(String option, String value, Function<T, String> name, List<T> known) {
        return known.stream()
                .filter(each -> name.apply(each).equals(value))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(option + " is unknown: value=" + value + ". Use one of "
                        + known.stream().map(name).toList() + "."));
    }
}
