package dev.tartan.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.spark.filesystem.StoreProperties;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Drills on two executors of this machine. */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DrillCommandTest {
    private static final double MOST_SECONDS_TO_NOTICE = 15;
    private static final Pattern ROW = Pattern.compile(" *([a-z-]+) +\\d+ +([\\d.]+) +([\\d.]+) +(\\d+|-)");

    private final StoreProperties properties = new StoreProperties();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void chooseExecutors() {
        properties.with(Map.of(
                "spark.master", "local-cluster[2,1,1024]",
                "spark.ui.enabled", "false",
                "spark.driver.host", "127.0.0.1",
                "spark.driver.bindAddress", "127.0.0.1",
                "spark.executor.extraClassPath", System.getProperty("java.class.path")));
    }

    @AfterEach
    void clearProperties() {
        properties.close();
    }

    /** With all defaults; the twenty have each kind too. */
    @Test
    @Tag("large")
    void aRunRecoversFromEveryKindOfFaultWithinItsDefaults() {
        String printed = drill(
                "--kill-executor-at-step", "4",
                "--freeze-at-step", "8",
                "--throw-at-step", "12",
                "--out-of-memory-at-step", "16",
                "--fill-disk-at-step", "20",
                "--corrupt-newest-checkpoint-at-step", "24");
        assertThat(rows(printed))
                .extracting(row -> row.group(1))
                .containsExactly(
                        "kill-executor", "freeze", "throw", "out-of-memory", "fill-disk", "corrupt-newest-checkpoint");
    }

    /** A frozen executor is waited for less long than by default, to fit the time of a test. */
    @Test
    @Tag("slow")
    void aRunRecoversFromTwentyRandomFaults() {
        String printed = drill("--faults", "20", "--seed", "19", "--set", "collective.silenceSeconds=3");
        assertThat(rows(printed)).hasSize(20);
        assertThat(rows(printed))
                .extracting(row -> row.group(1))
                .contains(
                        "kill-executor", "freeze", "throw", "out-of-memory", "fill-disk", "corrupt-newest-checkpoint");
    }

    @Test
    @Tag("large")
    void runsRecoverFromTwoHundredRandomFaults() {
        for (int seed = 1; seed <= 5; seed++) {
            String printed = drill("--faults", "40", "--seed", Integer.toString(seed));
            assertThat(rows(printed)).hasSize(40);
        }
    }

    @Test
    void whatCannotBeDoneIsRefused() {
        assertThat(run()).isEqualTo(2);
        assertThat(err.toString()).startsWith("tartan: no fault is given: faults=0. Give --faults N, or a fault such");
        properties.with(Map.of("spark.master", "local[2]"));
        assertThat(run("--throw-at-step", "3")).isEqualTo(2);
        assertThat(err.toString())
                .contains("drill does harm to executors of its own only: spark.master=local[2]."
                        + " Give local-cluster[2,1,1024].");
        assertThat(run("--throw-at-step", "0")).isEqualTo(2);
        assertThat(err.toString()).contains("fault has no step: fault=throw, step=0. Count steps from 1.");
    }

    /** Drills, and checks what must hold whatever the faults. */
    private String drill(String... arguments) {
        out.reset();
        int code = run(arguments);
        String printed = out.toString(StandardCharsets.UTF_8);
        assertThat(code).as(printed + err).isZero();
        assertThat(rows(printed))
                .allSatisfy(row -> assertThat(Double.parseDouble(row.group(2)))
                        .as(row.group())
                        .isBetween(0.0, MOST_SECONDS_TO_NOTICE));
        assertThat(printed)
                .contains("losses are bitwise those of the undisturbed run;")
                .contains("parameters are bitwise those of the undisturbed run")
                .contains("left over: nothing");
        return printed;
    }

    private static List<Matcher> rows(String printed) {
        return printed.lines().map(ROW::matcher).filter(Matcher::matches).toList();
    }

    private int run(String... arguments) {
        return CommandRunner.run(
                new DrillCommand(new PrintStream(out, true, StandardCharsets.UTF_8)),
                arguments,
                new PrintWriter(err, true));
    }
}
