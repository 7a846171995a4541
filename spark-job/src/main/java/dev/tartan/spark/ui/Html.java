package dev.tartan.spark.ui;

import java.util.Locale;

/** Text that becomes HTML or SVG. */
final class Html {
    private static final String[] BYTE_UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};
    private static final double UNIT = 1024;
    private static final int SECONDS = 60;

    private Html() {}

    /** The text as it may stand between tags and in quotes. */
    static String escape(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                default -> out.append(Character.isISOControl(c) ? ' ' : c);
            }
        }
        return out.toString();
    }

    /** As {@link String#format}, in English. */
    static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    /** For example {@code 30.0 MiB}. */
    static String bytes(long bytes) {
        double value = bytes;
        int unit = 0;
        while (value >= UNIT && unit < BYTE_UNITS.length - 1) {
            value /= UNIT;
            unit++;
        }
        return unit == 0 ? bytes + " B" : format("%.1f %s", value, BYTE_UNITS[unit]);
    }

    /** For example {@code 1:02:03} or {@code 0:12}. */
    static String duration(double seconds) {
        long whole = Math.max(0, Math.round(seconds));
        long hours = whole / SECONDS / SECONDS;
        long minutes = whole / SECONDS % SECONDS;
        return hours > 0
                ? format("%d:%02d:%02d", hours, minutes, whole % SECONDS)
                : format("%d:%02d", minutes, whole % SECONDS);
    }

    /** A number in at most five digits or so. */
    static String number(double value) {
        if (!Double.isFinite(value)) {
            return Double.isNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
        }
        double size = Math.abs(value);
        if (size >= 1000) {
            return format("%,.0f", value);
        }
        if (size >= 100) {
            return format("%.1f", value);
        }
        return size >= 0.001 || size == 0 ? format("%.4f", value) : format("%.2e", value);
    }
}
