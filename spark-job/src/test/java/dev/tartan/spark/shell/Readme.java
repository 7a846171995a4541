package dev.tartan.spark.shell;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** The code of the README. */
public final class Readme {
    private Readme() {}

    /** All blocks of a language, in order, as they stand there. */
    public static List<String> blocks(String language) throws IOException {
        String text = Files.readString(Path.of("../README.md"));
        return Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
                .matcher(text)
                .results()
                .map((MatchResult found) -> found.group(1))
                .toList();
    }
}
