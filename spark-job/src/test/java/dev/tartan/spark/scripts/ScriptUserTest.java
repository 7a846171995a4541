package dev.tartan.spark.scripts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.tartan.spark.scripts.ScriptCheckout.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A checkout that its user may only read. Root may write anything, and so becomes another user for this. */
@Timeout(120)
class ScriptUserTest {
    private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

    @TempDir
    Path folder;

    private ScriptCheckout checkout;
    private Path cache;

    @BeforeEach
    void makeCheckout() throws IOException {
        checkout = new ScriptCheckout(folder.resolve("checkout"), folder.resolve("tools"));
        cache = Files.createDirectory(folder.resolve("cache"));
        assertThat(cache.toFile().setWritable(true, false)).isTrue();
        permit("rwxr-xr-x", folder);
        assumeThat(!ROOT || Files.isExecutable(Path.of("/usr/bin/setpriv")))
                .as("can become another user")
                .isTrue();
    }

    private void lock() throws IOException {
        try (Stream<Path> walk = Files.walk(checkout.home())) {
            for (Path path : walk.filter(Files::isDirectory).toList()) {
                permit("r-xr-xr-x", path);
            }
        }
    }

    @AfterEach
    void unlock() throws IOException {
        try (Stream<Path> walk = Files.walk(checkout.home())) {
            for (Path path : (Iterable<Path>) walk::iterator) {
                if (Files.isDirectory(path)) {
                    permit("rwxr-xr-x", path);
                }
            }
        }
    }

    private static void permit(String permissions, Path path) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }

    private Run runAs(String uid, String script, String... arguments) throws Exception {
        List<String> command = new ArrayList<>();
        if (ROOT) {
            command.addAll(List.of("/usr/bin/setpriv", "--reuid", uid, "--clear-groups"));
        }
        command.add(checkout.home().resolve("scripts").resolve(script).toString());
        command.addAll(List.of(arguments));
        return checkout.run(folder, command);
    }

    private Run run(String script, String... arguments) throws Exception {
        return runAs("65534", script, arguments);
    }

    @Test
    void itIsBuiltInTheUsersCache() throws Exception {
        lock();
        checkout.with("XDG_CACHE_HOME", cache.toString());
        Run run = run("train");
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.variable("SPARK_HOME")).startsWith(cache + "/tartan/");
        assertThat(run.arguments())
                .anyMatch(argument -> argument.startsWith("spark.driver.extraClassPath=" + cache + "/tartan/"));
        run("train");
        assertThat(checkout.mavenCalls()).hasSize(2);
    }

    @Test
    void whatIsBuiltAlreadyIsUsedAndWorkersWriteElsewhere() throws Exception {
        checkout.run("train");
        lock();
        checkout.with("XDG_CACHE_HOME", cache.toString());
        Run run = run("train", "--executors", "2");
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(checkout.mavenCalls()).hasSize(2);
        Path home = Path.of(run.variable("SPARK_HOME"));
        assertThat(home).startsWith(cache);
        assertThat(home.resolve("jars/spark-core_2.12-3.5.7.jar")).exists();
    }

    @Test
    void withoutAnyFolderToWriteItIsRefused() throws Exception {
        lock();
        checkout.with("HOME", "/nonexistent");
        Run run = run("train");
        ScriptSurroundingsTest.assertRefused(
                run,
                "no folder to build in can be written: checkout="
                        + checkout.home().toRealPath() + ", HOME=/nonexistent, XDG_CACHE_HOME=, user="
                        + (ROOT ? "nobody" : System.getProperty("user.name"))
                        + ". Set XDG_CACHE_HOME to a folder you can write.");
        assertThat(run("check").err()).startsWith("tartan: checkout cannot be written: path=");
    }

    @Test
    void aUserWithoutANameIsRefused() throws Exception {
        assumeThat(ROOT).as("can become another user").isTrue();
        for (String script : List.of("train", "plan", "shell", "bench", "drill")) {
            ScriptSurroundingsTest.assertRefused(
                    runAs("12345", script),
                    "user has no name, and Spark needs one: uid=12345. Add the uid to /etc/passwd, or run as another"
                            + " user.");
        }
    }
}
