package dev.tartan.plan.hardware;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import dev.tartan.graph.DType;
import dev.tartan.plan.DeviceKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Reads a {@link HardwareProfile} from a HOCON file; every key must be there but {@code hostBandwidth} and
 * {@code device}, which is {@code cpu} then, and no other.
 */
public final class HardwareProfileReader {
    private static final List<String> KEYS = List.of(
            "name",
            "device",
            "matmulFlops.float32",
            "matmulFlops.bfloat16",
            "matmulFlops.float16",
            "memoryBandwidth",
            "deviceMemory",
            "devicesPerNode",
            "shared",
            "intraNode.latencyMicros",
            "intraNode.bytesPerSecond",
            "interNode.latencyMicros",
            "interNode.bytesPerSecond",
            "hostBandwidth",
            "efficiency.matmul",
            "efficiency.memory",
            "efficiency.link",
            "efficiency.overlap");

    private final Path file;
    private final Config config;

    private HardwareProfileReader(Path file, Config config) {
        this.file = file;
        this.config = config;
    }

    /**
     * Reads a profile.
     *
     * @throws IllegalArgumentException if the file is missing or not HOCON, or a key is missing, unknown or out of
     *     range
     */
    public static HardwareProfile read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException(
                    "hardware profile is missing: path=" + file + ". Give the name or path of one that exists.");
        }
        try {
            Config config = ConfigFactory.parseFile(
                            file.toFile(), ConfigParseOptions.defaults().setSyntax(ConfigSyntax.CONF))
                    .resolve();
            return new HardwareProfileReader(file, config).read();
        } catch (ConfigException e) {
            throw new IllegalArgumentException(
                    "hardware profile cannot be read: path=" + file + ", reason=" + e.getMessage() + ".", e);
        }
    }

    private HardwareProfile read() {
        TreeSet<String> unknown = new TreeSet<>();
        config.entrySet().forEach(entry -> unknown.add(entry.getKey()));
        KEYS.forEach(unknown::remove);
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("hardware profile has keys that are none: path=" + file + ", keys="
                    + unknown + ". Use these: " + String.join(", ", KEYS) + ".");
        }
        Map<DType, Double> peaks = new EnumMap<>(DType.class);
        peaks.put(DType.FLOAT32, positive("matmulFlops.float32"));
        peaks.put(DType.BFLOAT16, positive("matmulFlops.bfloat16"));
        // Devices that have both compute as fast in the one as in the other.
        peaks.put(
                DType.FLOAT16,
                positive("matmulFlops." + (config.hasPath("matmulFlops.float16") ? "float16" : "bfloat16")));
        return new HardwareProfile(
                kind(),
                config.getString("name"),
                peaks,
                positive("memoryBandwidth"),
                config.getBytes("deviceMemory"),
                (int) positive("devicesPerNode"),
                config.getBoolean("shared"),
                link("intraNode"),
                link("interNode"),
                config.hasPath("hostBandwidth") ? positive("hostBandwidth") : 0,
                new Efficiency(
                        share("efficiency.matmul"),
                        share("efficiency.memory"),
                        share("efficiency.link"),
                        share("efficiency.overlap")));
    }

    private DeviceKind kind() {
        String word = config.hasPath("device") ? config.getString("device") : DeviceKind.CPU.toString();
        for (DeviceKind kind : DeviceKind.values()) {
            if (kind.toString().equals(word)) {
                return kind;
            }
        }
        throw new IllegalArgumentException("hardware profile has a device that is none: path=" + file + ", device="
                + word + ". Use one of these: " + List.of(DeviceKind.values()) + ".");
    }

    private Link link(String section) {
        return new Link(positive(section + ".latencyMicros") / 1e6, positive(section + ".bytesPerSecond"));
    }

    private double share(String key) {
        double value = positive(key);
        if (value > 1) {
            throw outOfRange(key, "Give a share above 0, up to 1.");
        }
        return value;
    }

    private double positive(String key) {
        double value = config.getDouble(key);
        if (!(value > 0)) {
            throw outOfRange(key, "Give a number above 0.");
        }
        return value;
    }

    private IllegalArgumentException outOfRange(String key, String advice) {
        return new IllegalArgumentException("hardware profile has a value out of range: path=" + file + ", key=" + key
                + ", value=" + config.getDouble(key) + ". " + advice);
    }
}
