package dev.tartan.spark.scripts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A checkout with the real scripts, hardly any sources, and tools that only tell. {@code mvn} notes its arguments in a
 * log and makes empty jars; {@code java} prints its arguments as lines {@code argument=...}, then its environment.
 */
final class ScriptCheckout {
    private static final Path REPOSITORY = Path.of("..");

    private final Path home;
    private final Path tools;
    private final Map<String, String> environment = new LinkedHashMap<>();

    /** What a script did. */
    record Run(int exitCode, String out, String err) {
        List<String> arguments() {
            return out.lines()
                    .filter(line -> line.startsWith("argument="))
                    .map(line -> line.substring("argument=".length()))
                    .toList();
        }

        /** A variable of the JVM's environment, empty if it is not set. */
        String variable(String name) {
            return out.lines()
                    .filter(line -> line.startsWith(name + "="))
                    .map(line -> line.substring(name.length() + 1))
                    .findFirst()
                    .orElse("");
        }
    }

    /** Makes a checkout at {@code home}, and its tools in {@code tools}. */
    ScriptCheckout(Path home, Path tools) throws IOException {
        this.home = home;
        this.tools = tools;
        copy(REPOSITORY.resolve("scripts"), home.resolve("scripts"));
        copy(REPOSITORY.resolve("conf"), home.resolve("conf"));
        for (String source : List.of("pom.xml", "model/pom.xml", "spark-job/pom.xml", "spark-job/src/main/B.java")) {
            write(home.resolve(source), "");
        }
        editSource("first");
        Path bin = Files.createDirectories(tools.resolve("bin"));
        Path jdk = Files.createDirectories(tools.resolve("jdk/bin"));
        tool("mvn", bin);
        tool("java", jdk);
        write(jdk.resolve("javac"), "#!/bin/sh\n");
        assertThat(jdk.resolve("javac").toFile().setExecutable(true, false)).isTrue();
        write(tools.resolve("jdk/release"), "JAVA_VERSION=\"17.0.1\"\n");
        write(tools.resolve("log"), "");
        assertThat(tools.resolve("log").toFile().setWritable(true, false)).isTrue();
        environment.put("PATH", bin + ":/usr/bin:/bin:/usr/sbin");
        environment.put("JAVA_HOME", tools.resolve("jdk").toString());
        environment.put("HOME", Files.createDirectories(tools.resolve("home")).toString());
        environment.put("LC_ALL", "C.UTF-8");
        environment.put("MVN_LOG", tools.resolve("log").toString());
    }

    Path home() {
        return home;
    }

    /** Sets a variable of the scripts' environment; an empty value unsets it. */
    ScriptCheckout with(String name, String value) {
        environment.put(name, value);
        return this;
    }

    /** Changes a source, so that the job must be built. */
    void editSource(String text) {
        try {
            write(home.resolve("model/src/main/A.java"), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What Maven was called with, a line a call. */
    List<String> mavenCalls() throws IOException {
        return Files.readAllLines(tools.resolve("log"));
    }

    /** What the store of builds holds, without its lock. */
    List<String> store() throws IOException {
        try (Stream<Path> list = Files.list(home.resolve(".tartan"))) {
            return list.map(path -> path.getFileName().toString())
                    .filter(name -> !name.equals("lock"))
                    .sorted()
                    .toList();
        }
    }

    /** Runs {@code scripts/NAME} of this checkout. */
    Run run(String name, String... arguments) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(home.resolve("scripts").resolve(name).toString()));
        command.addAll(List.of(arguments));
        return run(home, command);
    }

    Run run(Path folder, List<String> command) throws IOException, InterruptedException {
        return finish(start(folder, command));
    }

    /** A process with its output in files, so that nothing it leaves behind can hold up the test. */
    record Started(Process process, Path out, Path err) {}

    Started start(Path folder, List<String> command) throws IOException {
        Path out = Files.createTempFile(tools, "out", "");
        Path err = Files.createTempFile(tools, "err", "");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().clear();
        environment.forEach((key, value) -> {
            if (!value.isEmpty()) {
                builder.environment().put(key, value);
            }
        });
        return new Started(builder.start(), out, err);
    }

    static Run finish(Started started) throws IOException, InterruptedException {
        assertThat(started.process().waitFor(60, TimeUnit.SECONDS))
                .as("ends in time")
                .isTrue();
        return new Run(
                started.process().exitValue(),
                Files.readString(started.out(), StandardCharsets.UTF_8),
                Files.readString(started.err(), StandardCharsets.UTF_8));
    }

    static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING);
    }

    private static void tool(String name, Path folder) throws IOException {
        Path file = folder.resolve(name);
        try (var stream = Objects.requireNonNull(ScriptCheckout.class.getResourceAsStream("/scripts/" + name), name)) {
            Files.copy(stream, file);
        }
        assertThat(file.toFile().setExecutable(true, false)).isTrue();
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> walk = Files.walk(from)) {
            for (Path path : walk.toList()) {
                Path target = to.resolve(from.relativize(path));
                Files.createDirectories(target.getParent());
                Files.copy(path, target, StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }
}
