package dev.tartan.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("slow")
class BenchCollectivesTest {
    private static final List<String> ALL_REDUCES = List.of("doubling", "halving-doubling", "ring", "direct");

    private final StringWriter err = new StringWriter();

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "shm"})
    void processesTellHowLongCallsTake(String transport) throws IOException {
        List<JsonNode> lines = lines("--transport", transport, "--bytes", "4096,65536", "--repeat", "2");
        assertThat(lines).hasSize(2);
        int[] sizes = {4096, 65_536};
        for (int i = 0; i < sizes.length; i++) {
            JsonNode line = lines.get(i);
            assertThat(line.get("op").asText()).isEqualTo("all_reduce");
            assertThat(line.get("transport").asText()).isEqualTo(transport);
            assertThat(line.get("ranks").asInt()).isEqualTo(2);
            assertThat(line.get("bytes").asInt()).isEqualTo(sizes[i]);
            double micros = line.get("median_us").asDouble();
            assertThat(micros).isPositive();
            // Printed with one and with three digits.
            assertThat(line.get("busbw_GBps").asDouble())
                    .isBetween(sizes[i] / (micros + 0.06) / 1e3 - 6e-4, sizes[i] / (micros - 0.06) / 1e3 + 6e-4);
            assertThat(line.get("algorithm").asText()).isIn(ALL_REDUCES);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "shm"})
    void processesOfSeveralRanksTellWhatTheyHold(String transport) throws IOException {
        List<JsonNode> lines = lines("--transport", transport, "--ranks", "8", "--processes", "2", "--bytes", "4096");
        assertThat(lines).hasSize(2);
        assertThat(lines.get(0).get("ranks").asInt()).isEqualTo(8);
        assertThat(lines.get(0).get("processes").asInt()).isEqualTo(2);
        JsonNode footprint = lines.get(1);
        assertThat(footprint.get("form_s").asDouble()).isPositive();
        assertThat(footprint.get("first_call_s").asDouble()).isPositive();
        for (String each : List.of("sockets", "peak_resident_MiB", "links")) {
            assertThat(footprint.get(each)).hasSize(2);
        }
        for (JsonNode links : footprint.get("links")) {
            int across = links.get(transport).asInt();
            // Each rank has one by doubling, and at most two ways out of four by barrier and broadcast.
            assertThat(across).isBetween(4, 16);
            assertThat(footprint.get("sockets").get(0).asInt()).isBetween(across, across + 8);
        }
    }

    @Test
    void ranksOfOneProcessShareTheirWork() throws IOException {
        List<JsonNode> lines = lines("--transport", "local", "--bytes", "4096");
        assertThat(lines).hasSize(1);
        assertThat(lines.get(0).get("algorithm").asText()).isEqualTo("shared");
    }

    @Test
    void everyAlgorithmIsMeasuredIfAllAreWanted() throws IOException {
        List<JsonNode> lines = lines("--transport", "local", "--bytes", "4096,24", "--all", "--ranks", "3");
        List<String> once = new ArrayList<>(List.of("shared"));
        once.addAll(ALL_REDUCES);
        List<String> twice = new ArrayList<>(once);
        twice.addAll(once);
        assertThat(lines).extracting(line -> line.get("algorithm").asText()).containsExactlyElementsOf(twice);
    }

    @Test
    void aNamedAlgorithmIsTheOnlyOneMeasured() throws IOException {
        List<JsonNode> lines = lines("--transport", "local", "--bytes", "4096", "--algorithm", "direct");
        assertThat(lines).hasSize(1);
        assertThat(lines.get(0).get("algorithm").asText()).isEqualTo("direct");
    }

    @ParameterizedTest
    @CsvSource({
        "all_reduce, float64, direct, 3",
        "all_reduce, bfloat16, halving-doubling, 5",
        "reduce_scatter, bfloat16, ring, 3",
        "reduce_scatter, float64, direct, 4",
        "reduce_scatter, int32, shared, 3",
        "all_gather, int32, ring, 3",
        "all_to_all, bfloat16, pairwise, 4",
        "all_to_all, float32, shared, 3",
        "broadcast, float32, tree, 5"
    })
    void resultsOfEveryOpAndTypeAreRight(String op, String type, String algorithm, String ranks) throws IOException {
        List<JsonNode> lines = lines(
                "--transport",
                "local",
                "--op",
                op,
                "--type",
                type,
                "--algorithm",
                algorithm,
                "--ranks",
                ranks,
                "--bytes",
                "960000");
        assertThat(lines.get(lines.size() - 1).get("bytes").asInt()).isEqualTo(960_000);
    }

    @Test
    void aBarrierHasNoBandwidth() throws IOException {
        List<JsonNode> lines = lines("--transport", "local", "--op", "barrier", "--algorithm", "dissemination");
        assertThat(lines).hasSize(1);
        assertThat(lines.get(0).get("median_us").asDouble()).isPositive();
        assertThat(lines.get(0).has("busbw_GBps")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--op sum | --op is unknown: value=sum. Use one of [all_reduce, reduce_scatter, all_gather,"
                        + " all_to_all, broadcast, barrier].",
                "--transport udp | --transport is unknown: value=udp. Use one of [local, shm, tcp].",
                "--type byte | --type is unknown: value=byte. Use one of [float32, float64, bfloat16, float16, int32].",
                "--transport local --algorithm star | algorithm does not exist: op=all_reduce, algorithm=star. Use one"
                        + " of [doubling, halving-doubling, ring, direct].",
                "--algorithm shared --bytes 64 | algorithm does not exist: op=all_reduce, algorithm=shared. Use one of"
                        + " [doubling, halving-doubling, ring, direct].",
                "--algorithm ring --all | --all and --algorithm exclude each other: algorithm=ring. Give one of them.",
                "--bytes 6 | --bytes is no whole number of elements: bytes=6, elementBytes=4, ranks=2. Give multiples"
                        + " of 4.",
                "--op all_to_all --ranks 3 --bytes 4096 | --bytes is no whole number of elements for each rank:"
                        + " bytes=4096, elementBytes=4, ranks=3. Give multiples of 12.",
                "--bytes 0 | --bytes is out of range: value=0. Give 1 to 1073741824.",
                "--op barrier --bytes 4 | --bytes does not fit a barrier, which has no payload: bytes=4. Leave it out.",
                "--ranks 0 | --ranks is out of range: value=0. Give 1 to 4096.",
                "--ranks 1 | --ranks leaves nobody to send to: ranks=1, transport=tcp. Give 2 or more.",
                "--ranks 8 --processes 3 | --processes cannot hold as many ranks each: processes=3, ranks=8. Give 2 or"
                        + " more that divide the number of ranks.",
                "--transport local --processes 2 | --processes does not fit ranks of one process: processes=2,"
                        + " transport=local. Leave it out, or give --transport tcp or shm.",
                "--type bfloat16 --ranks 512 | sums of so many ranks are not exact in 16 bits, so results could not be"
                        + " checked: ranks=512. Give 256 ranks at most, or another --type.",
                "--repeat 0 | --repeat is out of range: value=0. Give 1 to 1000.",
                "--streams 0 | --streams is out of range: value=0. Give 1 to 256.",
                "--spin-micros -1 | --spin-micros is out of range: value=-1. Give 0 to 10000000.",
                "--segment-bytes 7 | collective.segmentBytes is not a size for segments: segmentBytes=7. Give a"
                        + " multiple of 8, up to 67108864.",
                "--transport shm --encrypt | --encrypt, --streams and --socket-buffer-bytes are about sockets:"
                        + " transport=shm. Leave them out, or give --transport tcp."
            })
    void badInputIsExplained(String arguments, String message) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(run(out, List.of(arguments.split(" ", -1)))).isEqualTo(2);
        assertThat(err.toString()).isEqualToIgnoringNewLines("tartan: " + message);
        assertThat(out.toByteArray()).isEmpty();
    }

    private List<JsonNode> lines(String... arguments) throws IOException {
        List<String> quick = new ArrayList<>(List.of("--warm-up-millis", "20"));
        quick.addAll(List.of(arguments));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(run(out, quick)).as(err.toString()).isZero();
        List<JsonNode> lines = new ArrayList<>();
        for (String line : out.toString(StandardCharsets.UTF_8).lines().toList()) {
            lines.add(new ObjectMapper().readTree(line));
        }
        return lines;
    }

    private int run(ByteArrayOutputStream out, List<String> arguments) {
        List<String> all = new ArrayList<>(List.of("collectives"));
        all.addAll(arguments);
        return CommandRunner.run(
                new BenchCommand(new PrintStream(out, true, StandardCharsets.UTF_8)),
                all.toArray(new String[0]),
                new PrintWriter(err, true));
    }
}
