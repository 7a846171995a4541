package dev.tartan.spark.scripts;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.spark.scripts.ScriptCheckout.Run;
import dev.tartan.spark.scripts.ScriptCheckout.Started;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Builds happen once for the same sources, and never harm each other or what runs already. */
@Timeout(120)
class ScriptBuildTest {
    @TempDir
    Path folder;

    private ScriptCheckout checkout;

    @BeforeEach
    void makeCheckout() throws Exception {
        checkout = new ScriptCheckout(folder.resolve("checkout"), folder.resolve("tools"));
    }

    private Started start(String... command) throws Exception {
        return checkout.start(checkout.home(), List.of(command));
    }

    @Test
    void scriptsStartedAtOnceBuildOnce() throws Exception {
        checkout.with("MVN_SECONDS", "1");
        List<Started> all = new ArrayList<>();
        for (String script : List.of("train", "plan", "shell")) {
            all.add(start("scripts/" + script));
        }
        for (Started started : all) {
            Run run = ScriptCheckout.finish(started);
            assertThat(run.exitCode()).as(run.err()).isZero();
            assertThat(run.arguments()).isNotEmpty();
        }
        assertThat(checkout.mavenCalls()).hasSize(2);
        assertThat(checkout.store())
                .satisfiesExactly(
                        job -> assertThat(job).startsWith("job-"),
                        home -> assertThat(home).startsWith("spark-home-"));
    }

    @Test
    void anUnchangedCheckoutIsNotBuiltAgainAndAChangedOneIs() throws Exception {
        checkout.run("train");
        checkout.run("train");
        assertThat(checkout.mavenCalls()).hasSize(2);
        checkout.editSource("second");
        checkout.run("train");
        assertThat(checkout.mavenCalls()).hasSize(3);
    }

    @Test
    void aBuildLeavesTheJarsOfARunAndRemovesThoseOfNone() throws Exception {
        checkout.run("train");
        String used = checkout.store().get(0);
        // A run holds its jars by a shared lock on their folder.
        Started run = start("flock", "-s", ".tartan/" + used, "sleep", "60");
        try {
            Started probe = start("bash", "-c", "until ! flock -n .tartan/" + used + " true; do sleep 0.05; done");
            ScriptCheckout.finish(probe);
            checkout.editSource("second");
            checkout.run("train");
            assertThat(checkout.store()).hasSize(3).contains(used);
        } finally {
            run.process().descendants().forEach(ProcessHandle::destroy);
            run.process().destroy();
        }
        ScriptCheckout.finish(run);
        checkout.editSource("third");
        checkout.run("train");
        assertThat(checkout.store()).hasSize(2).doesNotContain(used);
    }

    @Test
    void aRunHoldsItsJars() throws Exception {
        checkout.run("train");
        Path java = folder.resolve("tools/jdk/bin/java");
        ScriptCheckout.write(java, "#!/bin/sh\nexec flock -n '" + checkout.home() + "'/.tartan/job-* echo free\n");
        assertThat(checkout.run("plan").out()).isEmpty();
    }

    @Test
    void runsOnLocalClustersWriteToFoldersOfTheirOwn() throws Exception {
        Run one = checkout.run("train", "--executors=2");
        Run two = checkout.run("train", "--executors=2");
        assertThat(one.variable("SPARK_HOME")).isNotEqualTo(two.variable("SPARK_HOME"));
        Path home = Path.of(two.variable("SPARK_HOME"));
        assertThat(home.resolve("jars/spark-core_2.12-3.5.7.jar")).exists();
        assertThat(home.resolve("bin/spark-submit")).isExecutable();
    }

    @ParameterizedTest
    @CsvSource({"TERM, 143", "INT, 130"})
    void aSignalEndsABuildAtOnce(String signal, int exitCode) throws Exception {
        checkout.with("MVN_SECONDS", "50");
        // Where the tests run in the background of a shell, SIGINT is ignored, which is inherited.
        Started started = start("/usr/bin/env", "--default-signal=INT", "scripts/train");
        while (checkout.mavenCalls().isEmpty()) {
            Thread.sleep(20);
        }
        long start = System.nanoTime();
        new ProcessBuilder("kill", "-" + signal, Long.toString(started.process().pid()))
                .start()
                .waitFor();
        Run run = ScriptCheckout.finish(started);
        assertThat((System.nanoTime() - start) / 1e9).isLessThan(20);
        assertThat(run.exitCode()).isEqualTo(exitCode);
        assertThat(run.err()).isEqualTo("tartan: assembling a Spark home\ntartan: stopped: assembling a Spark home\n");
    }

    @Test
    void testAllAddsTheLargeTests() throws Exception {
        checkout.run("test", "-pl", "model");
        checkout.run("test-all", "-pl", "model");
        checkout.run("check");
        String pom = checkout.home().toRealPath() + "/pom.xml";
        assertThat(checkout.mavenCalls())
                .startsWith(
                        "mvn -B -ntp -f " + pom + " clean verify -pl model",
                        "mvn -B -ntp -f " + pom + " clean verify -DexcludedTestGroups=cuda -pl model");
        assertThat(checkout.mavenCalls().get(2)).contains("-DexcludedTestGroups=architecture,slow,large,cuda ");
        assertThat(Files.readString(Path.of("../pom.xml")))
                .contains("<excludedTestGroups>large,cuda</excludedTestGroups>");
    }
}
