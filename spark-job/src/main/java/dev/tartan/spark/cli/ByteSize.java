package dev.tartan.spark.cli;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigValueFactory;
import java.util.Locale;

/** Bytes for people to read. */
final class ByteSize {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

    private ByteSize() {}

    /**
     * Reads a number of bytes, such as {@code 80GiB} or {@code 1000000}.
     *
     * @throws IllegalArgumentException if it is none, naming the option
     */
    static long parse(String option, String text) {
        try {
            long bytes = ConfigValueFactory.fromAnyRef(text).atKey("bytes").getBytes("bytes");
            if (bytes > 0) {
                return bytes;
            }
        } catch (ConfigException e) {
            // Said below, in the words of the command line.
        }
        throw new IllegalArgumentException(
                option + " is not a number of bytes above 0: value=" + text + ". Give one such as 80GiB.");
    }

    /** For example {@code 12.3 MiB}. */
    static String text(long bytes) {
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", value, UNITS[unit]);
    }
}
