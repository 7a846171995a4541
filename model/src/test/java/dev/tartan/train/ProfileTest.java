package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.backend.Backend;
import dev.tartan.backend.fake.FakeBackend;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.train.config.ProfileConfig;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.profile.StepProfile;
import dev.tartan.train.profile.StepProfile.OpTime;
import dev.tartan.train.profile.StepProfile.RankTimes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A trace has what each rank's streams did, and changes nothing. */
class ProfileTest {
    private static final ProfileConfig LAST_TWO = new ProfileConfig(2, SmallRun.STEPS - 2);

    private final Backend backend = new Nd4jBackend(1);

    @TempDir
    Path folder;

    private record Event(int rank, String thread, String name, double start, double end, JsonNode arguments) {}

    @ParameterizedTest
    @CsvSource({"1,1,0", "2,1,1", "2,2,2", "4,1,3", "1,2,0"})
    void allRanksAreInTheTraceAndLossesAreTheSame(int data, int model, int zero) throws Exception {
        SmallRun.tokens(folder);
        TrainingResult plain = train("plain", data, model, zero, ProfileConfig.off());
        TrainingResult traced = train("traced", data, model, zero, LAST_TWO);
        assertThat(losses(traced)).isEqualTo(losses(plain));
        assertThat(plain.profile()).isNull();
        assertThat(folder.resolve("plain/trace.json")).doesNotExist();

        StepProfile profile = Objects.requireNonNull(traced.profile());
        assertThat(profile.firstStep()).isEqualTo(SmallRun.STEPS - 2);
        assertThat(profile.steps()).isEqualTo(2);
        assertThat(profile.ranks())
                .extracting(RankTimes::rank)
                .hasSize(data * model)
                .isSorted();
        profile.ranks().forEach(rank -> {
            double parts = rank.dataMillis()
                    + rank.phaseMillis().values().stream().mapToDouble(v -> v).sum()
                    + rank.exposedMillis();
            assertThat(rank.phaseMillis().keySet()).containsExactly("forward", "backward", "update");
            assertThat(rank.phaseMillis().values())
                    .allSatisfy(millis -> assertThat(millis).isPositive());
            assertThat(parts).isCloseTo(rank.millis(), within(0.02 * rank.millis()));
            assertThat(rank.exposedMillis() + rank.hiddenMillis() > 0).isEqualTo(data * model > 1);
        });
        assertThat(profile.ops()).extracting(OpTime::op).contains("einsum", "adamw");

        Map<Integer, Map<String, List<Event>>> ranks = read(folder.resolve("traced/trace.json"));
        assertThat(ranks).hasSize(data * model);
        ranks.values().forEach(streams -> {
            assertThat(streams).containsKeys("host", "compute");
            streams.forEach((name, events) -> {
                if (!name.equals("host")) {
                    assertInOrder(events);
                }
            });
            assertThat(streams.get("host"))
                    .extracting(Event::name)
                    .filteredOn(name -> name.startsWith("step "))
                    .hasSize(2);
            assertThat(streams.get("compute"))
                    .anySatisfy(
                            event -> assertThat(event.arguments().path("module").asText())
                                    .isEqualTo("h.0.attn"));
        });
        if (zero > 0) {
            assertThat(ranks.get(0)).containsKey("collectives over data");
        }
    }

    /** Streams that run in any order that events allow have their times, too. */
    @Test
    void anAsynchronousDeviceHasATrace() throws Exception {
        SmallRun.tokens(folder);
        StepProfile profile = Objects.requireNonNull(
                train("fake", 1, 1, 0, LAST_TWO, new FakeBackend(backend, 7)).profile());
        assertThat(profile.ranks().get(0).millis()).isPositive();
        assertInOrder(read(folder.resolve("fake/trace.json")).get(0).get("compute"));
    }

    @Test
    void aRunThatEndsBeforeIsRefused() {
        SmallRun.tokens(folder);
        assertThatThrownBy(() -> train("short", 1, 1, 0, new ProfileConfig(3, SmallRun.STEPS)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("run ends before the steps that are to be traced: train.profile.after=" + SmallRun.STEPS
                        + ", train.steps=" + SmallRun.STEPS + ". Give train.profile.after a smaller number.");
    }

    private TrainingResult train(String name, int data, int model, int zero, ProfileConfig profile) throws Exception {
        return train(name, data, model, zero, profile, backend);
    }

    private TrainingResult train(String name, int data, int model, int zero, ProfileConfig profile, Backend on)
            throws Exception {
        TrainingJob job = TrainingJob.of(SmallRun.config(folder, name, data, model, "strategy.zero=" + zero))
                .profile(profile);
        return MeshTrainer.run(job.compile(on), job.network(), on, step -> {});
    }

    private static List<Double> losses(TrainingResult result) {
        return result.steps().stream().map(StepMetrics::loss).toList();
    }

    private static void assertInOrder(List<Event> events) {
        List<Event> sorted = new ArrayList<>(events);
        sorted.sort(Comparator.comparingDouble(Event::start).thenComparingDouble(Event::end));
        for (int i = 0; i < sorted.size(); i++) {
            assertThat(sorted.get(i).end()).isGreaterThanOrEqualTo(sorted.get(i).start());
            if (i > 0) {
                // Times are microseconds with a fraction.
                assertThat(sorted.get(i).start())
                        .isGreaterThan(sorted.get(i - 1).end() - 0.01);
            }
        }
    }

    /** By rank and name of the thread. */
    private static Map<Integer, Map<String, List<Event>>> read(Path file) throws Exception {
        JsonNode events = new ObjectMapper().readTree(Files.readAllBytes(file)).get("traceEvents");
        Map<String, String> threads = new LinkedHashMap<>();
        Map<Integer, Map<String, List<Event>>> ranks = new LinkedHashMap<>();
        for (JsonNode event : events) {
            int rank = event.get("pid").asInt();
            String thread = rank + "/" + event.get("tid").asInt();
            if (event.get("ph").asText().equals("M")) {
                if (event.get("name").asText().equals("thread_name")) {
                    threads.put(thread, event.get("args").get("name").asText());
                }
                continue;
            }
            double start = event.get("ts").asDouble();
            assertThat(start).isNotNegative();
            ranks.computeIfAbsent(rank, absent -> new LinkedHashMap<>())
                    .computeIfAbsent(Objects.requireNonNull(threads.get(thread)), absent -> new ArrayList<>())
                    .add(new Event(
                            rank,
                            thread,
                            event.get("name").asText(),
                            start,
                            start + event.get("dur").asDouble(),
                            event.path("args")));
        }
        return ranks;
    }
}
