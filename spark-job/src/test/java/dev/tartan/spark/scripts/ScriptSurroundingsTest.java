package dev.tartan.spark.scripts;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.spark.scripts.ScriptCheckout.Run;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Scripts called from anywhere, in odd places and surroundings, work or say in one line why not. */
@Timeout(120)
class ScriptSurroundingsTest {
    @TempDir
    Path folder;

    private ScriptCheckout checkout;

    @BeforeEach
    void makeCheckout() throws Exception {
        checkout = new ScriptCheckout(folder.resolve("checkout"), folder.resolve("tools"));
    }

    @Test
    void aScriptIsFoundThroughLinksAndFromOtherFolders() throws Exception {
        Path link = Files.createSymbolicLink(
                folder.resolve("train"), checkout.home().resolve("scripts/train"));
        Path through = Files.createSymbolicLink(folder.resolve("link"), checkout.home());
        Path elsewhere = Files.createDirectory(folder.resolve("else where"));
        // A path to search would lead 'cd' astray and print.
        checkout.with("CDPATH", folder.toString());
        for (String script : List.of(link.toString(), through + "/scripts/train", "../link/scripts/train")) {
            Run run = checkout.run(elsewhere, List.of(script, "--set", "a b=c  d"));
            assertThat(run.exitCode()).as(run.err()).isZero();
            assertThat(run.arguments())
                    .contains("dev.tartan.spark.cli.TrainCommand")
                    .endsWith("--set", "a b=c  d");
            assertThat(run.out()).endsWith(elsewhere.toRealPath() + "\n");
        }
    }

    @Test
    void unusualCharactersInTheCheckoutsPathReachTheClassPath() throws Exception {
        Path odd = folder.resolve("o d#d%20'e\"x,[k]{b}$HOME+ü");
        Run run = new ScriptCheckout(odd, folder.resolve("other tools")).run("train", "--executors", "2");
        Path real = odd.toRealPath();
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.arguments())
                .anyMatch(argument -> argument.startsWith("spark.executor.extraClassPath=" + real + "/"))
                .as("a jar would be a URI to Spark, which ends at '#'")
                .contains("spark-internal");
    }

    @Test
    void aColonInTheCheckoutsPathIsRefused() throws Exception {
        Path odd = folder.resolve("c:d");
        Run run = new ScriptCheckout(odd, folder.resolve("other tools")).run("train");
        assertRefused(
                run,
                "Tartan's folder cannot stand in a Java class path: path='" + odd.toRealPath()
                        + "'. Move it to a path without a colon.");
    }

    @Test
    void theCLocaleIsReplacedSoThatFileNamesSurvive() throws Exception {
        for (String locale : List.of("C", "POSIX", "no_SUCH.UTF-8")) {
            Run run = checkout.with("LC_ALL", locale).run("train", "--output", "größe");
            assertThat(run.variable("LC_ALL")).as(locale).endsWith("UTF-8");
            assertThat(run.arguments()).endsWith("--output", "größe").contains("spark.executorEnv.LC_ALL=C.UTF-8");
        }
        assertThat(checkout.with("LC_ALL", "C.utf8").run("train").variable("LC_ALL"))
                .isEqualTo("C.utf8");
    }

    @Test
    void anotherJavaIsRefusedByBothVersions() throws Exception {
        Path jdk = folder.resolve("tools/jdk");
        ScriptCheckout.write(jdk.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"25.0.3\"\n");
        assertRefused(
                checkout.run("train"),
                "Java is of another version: found=25, needed=17, JAVA_HOME=" + jdk
                        + ". Install a JDK 17, or point JAVA_HOME to one.");
        assertRefused(
                checkout.with("JAVA_HOME", "/nowhere").run("plan"),
                "JAVA_HOME has no JDK: no program '/nowhere/bin/javac'. Correct it or unset it.");
    }

    @Test
    void theUsersLoggingIsHonoured() throws Exception {
        assertThat(checkout.run("train").variable("LOG4J_CONFIGURATION_FILE"))
                .isEqualTo(checkout.home().toRealPath() + "/conf/log4j2.properties");
        checkout.with("LOG4J_CONFIGURATION_FILE", "/mine.xml");
        assertThat(checkout.run("train").variable("LOG4J_CONFIGURATION_FILE")).isEqualTo("/mine.xml");
    }

    @Test
    void temporaryFilesNeedAFolder() throws Exception {
        assertThat(checkout.with("TMPDIR", folder.toString()).run("train").variable("SPARK_LOCAL_DIRS"))
                .isEqualTo(folder.toString());
        assertRefused(
                checkout.with("TMPDIR", "/nowhere").run("train"),
                "folder for temporary files cannot be written: TMPDIR=/nowhere. Set TMPDIR to a folder you can write.");
    }

    static void assertRefused(Run run, String message) {
        assertThat(run.err()).isEqualTo("tartan: " + message + "\n");
        assertThat(run.out()).isEmpty();
        assertThat(run.exitCode()).isEqualTo(2);
    }
}
