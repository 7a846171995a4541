package dev.tartan.spark.cli;

import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.ElementType;
import dev.tartan.collective.algorithm.AlgorithmChoice;
import dev.tartan.collective.transport.tcp.TcpOptions;
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
            description = "tcp (default) or shm: each rank is a process of its own. local: each is a thread of one,"
                    + " which works without messages ('shared') unless --algorithm names another.")
    private String transport = "";

    @Option(names = "--ranks", paramLabel = "N", defaultValue = "2", description = "Number of ranks, 2 if not given.")
    private int ranks;

    @Option(
            names = "--bytes",
            paramLabel = "LIST",
            split = ",",
            hideParamSyntax = true,
            description = "Sizes of the whole buffer (of all chunks, where ranks have one each);"
                    + " 4096,65536,1048576,16777216,67108864 if not given.")
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
        return new CollectivesPlan(
                collective,
                named("--transport", transport, BenchTransport::label, List.of(BenchTransport.values())),
                ranks,
                bytes != null ? bytes : collective == CollectiveOp.BARRIER ? List.of(0) : SIZES,
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

    private static List<CollectiveOp> operations() {
        return Arrays.stream(CollectiveOp.values())
                .filter(each -> !each.isPointToPoint())
                .toList();
    }

    private static List<ElementType> types() {
        return Arrays.stream(ElementType.values())
                .filter(each -> each != ElementType.BYTE)
                .toList();
    }

    private static <T> T named(String option, String value, Function<T, String> name, List<T> known) {
        return known.stream()
                .filter(each -> name.apply(each).equals(value))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(option + " is unknown: value=" + value + ". Use one of "
                        + known.stream().map(name).toList() + "."));
    }
}
