package dev.tartan.train.config;

import java.util.List;
import java.util.stream.Collectors;

/** A run config has mistakes; the message lists all of them, one a line, each with its key and where it was said. */
public final class InvalidConfigException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    private final transient List<ConfigMistake> mistakes;

    /** Makes an exception of these mistakes, at least one. */
    public InvalidConfigException(List<ConfigMistake> mistakes) {
        super(describe(mistakes));
        this.mistakes = List.copyOf(mistakes);
    }

    private static String describe(List<ConfigMistake> mistakes) {
        String lines = mistakes.stream().map(mistake -> "\n  " + mistake).collect(Collectors.joining());
        return "config has " + (mistakes.size() == 1 ? "a mistake:" : mistakes.size() + " mistakes:") + lines;
    }

    /** Every mistake, in the order of the keys. */
    public List<ConfigMistake> mistakes() {
        return mistakes;
    }
}
