package dev.tartan.backend.nd4j;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.nd4j.linalg.cpu.nativecpu.bindings.Nd4jCpu;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses which build of ND4J's CPU library this JVM loads, by what the CPU can run.
 *
 * <p>Left alone, JavaCPP loads whichever build it meets first, be it slower than need be or not runnable on this CPU.
 * The choice is made through the system property {@value #EXTENSION_PROPERTY}, and only counts before the first touch
 * of ND4J; a value given by the user is kept.
 */
public final class NativeSelection {
    /** The property by which JavaCPP, or a user, picks a build. */
    public static final String EXTENSION_PROPERTY = "org.bytedeco.javacpp.platform.extension";

    private static final Logger LOG = LoggerFactory.getLogger(NativeSelection.class);
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    /** A build, and why no better one was chosen; empty when it is the best there is. */
    record Choice(NativeVariant variant, List<String> obstacles) {}

    private NativeSelection() {}

    /**
     * Sets the property, unless it is set, and warns when the slow plain build is all that can be used. Thread-safe.
     */
    public static synchronized void apply() {
        if (System.getProperty(EXTENSION_PROPERTY) != null) {
            return;
        }
        Choice choice = choose(readCpuFlags(), NativeVariant::isOnClassPath);
        if (choice.variant() == NativeVariant.PLAIN) {
            LOG.warn(
                    "ND4J's plain CPU library is used, float32 matmul will be 2 to 5 times slower: {}. "
                            + "Add the nd4j-native jar with a onednn classifier that this CPU runs.",
                    String.join(", ", choice.obstacles()));
        }
        System.setProperty(EXTENSION_PROPERTY, choice.variant().extension());
    }

    /** Loads ND4J's CPU library if need be and returns the build that was really loaded. */
    public static NativeVariant loaded() {
        apply();
        String path = Loader.load(Nd4jCpu.class);
        for (NativeVariant variant : NativeVariant.values()) {
            if (path.contains("/" + variant.resourceFolder() + "/")) {
                return variant;
            }
        }
        throw new IllegalStateException("ND4J's CPU library is of an unknown build: path=" + path
                + ". Remove it from the library path, or teach NativeVariant about it.");
    }

    static Choice choose(Set<String> cpuFlags, Predicate<NativeVariant> isOnClassPath) {
        List<String> obstacles = new ArrayList<>();
        for (NativeVariant variant : NativeVariant.values()) {
            if (!variant.runsOn(cpuFlags)) {
                obstacles.add(variant + "=cpu cannot run it");
            } else if (!isOnClassPath.test(variant)) {
                obstacles.add(variant + "=jar is missing");
            } else {
                return new Choice(variant, List.copyOf(obstacles));
            }
        }
        throw new IllegalStateException(
                "no ND4J CPU library can be loaded: " + String.join(", ", obstacles) + ". Add the nd4j-native jars.");
    }

    static Set<String> parseCpuFlags(Stream<String> cpuInfo) {
        return cpuInfo.filter(line -> line.startsWith("flags"))
                .findFirst()
                .map(line -> Set.copyOf(
                        List.of(line.substring(line.indexOf(':') + 1).trim().split("\\s+"))))
                .orElse(Set.of());
    }

    private static Set<String> readCpuFlags() {
        if (!Files.isReadable(CPU_INFO)) {
            return Set.of();
        }
        try (Stream<String> lines = Files.lines(CPU_INFO)) {
            return parseCpuFlags(lines);
        } catch (IOException e) {
            throw new UncheckedIOException("the CPU's flags cannot be read: file=" + CPU_INFO, e);
        }
    }
}
