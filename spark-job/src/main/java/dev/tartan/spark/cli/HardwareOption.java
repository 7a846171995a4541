package dev.tartan.spark.cli;

import dev.tartan.plan.hardware.HardwareProfile;
import dev.tartan.plan.hardware.HardwareProfileReader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that chooses a hardware profile. */
final class HardwareOption {
    private static final String FOLDER = "conf/hardware";

    private static final String USUAL = "this-machine";

    @Option(
            names = "--hardware",
            paramLabel = "NAME|FILE",
            description = "Hardware to predict times for, and whose peak MFU is told of: a profile in " + FOLDER
                    + " such as h100 or a100, or a file; " + USUAL + " if not given.")
    private @Nullable String hardware;

    boolean isGiven() {
        return hardware != null;
    }

    /**
     * Reads the profile.
     *
     * @throws IllegalArgumentException if there is none or it is wrong
     */
    HardwareProfile profile() {
        return profileOr(USUAL);
    }

    /** As {@link #profile()}, with another one if none is given. */
    HardwareProfile profileOr(String usual) {
        return named(hardware == null ? usual : hardware, System.getenv("TARTAN_HOME"));
    }

    /** The profile called {@code name} in Tartan's folder {@code home}, or in the file of this path. */
    static HardwareProfile named(String name, @Nullable String home) {
        Path file = Path.of(name);
        Path known = Path.of(home == null ? "." : home).resolve(FOLDER).resolve(name + ".conf");
        return HardwareProfileReader.read(Files.isRegularFile(file) ? file : known);
    }
}
