package dev.tartan.train.data;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What a folder of text holds besides text, by kind and in the order met. Not thread-safe. */
final class SkippedFiles {
    private static final int NAMES_SHOWN = 3;

    /** Why something is not read. */
    enum Kind {
        UTF_16("in UTF-16 or UTF-32, convert to UTF-8"),
        COMPRESSED("compressed, unpack first"),
        BINARY("binary, with zero bytes"),
        BROKEN_LINK("broken links"),
        SPECIAL("pipes, sockets or devices"),
        RESULTS("results of runs"),
        BUILD_OUTPUT("folders of build output"),
        HIDDEN("hidden");

        private final String reason;

        Kind(String reason) {
            this.reason = reason;
        }
    }

    private final Map<Kind, List<String>> names = new EnumMap<>(Kind.class);

    void add(Kind kind, String name) {
        names.computeIfAbsent(kind, ignored -> new ArrayList<>()).add(name);
    }

    boolean isEmpty() {
        return names.isEmpty();
    }

    /** For example {@code 2 compressed, unpack first (a.gz, b.gz); 1 hidden (.git)}. */
    @Override
    public String toString() {
        List<String> parts = new ArrayList<>();
        names.forEach((kind, found) -> {
            List<String> sorted = found.stream().sorted().limit(NAMES_SHOWN).toList();
            parts.add(found.size() + " " + kind.reason + " (" + String.join(", ", sorted)
                    + (found.size() > NAMES_SHOWN ? ", ...)" : ")"));
        });
        return String.join("; ", parts);
    }
}
