package dev.tartan.train.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Enum constants as configs spell them: lower case, words joined by dashes, such as {@code halving-doubling}. */
public final class ConfigWord {
    private ConfigWord() {}

    /** The word of a constant. */
    public static String of(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The words of an enum, in the order of its constants. */
    static List<String> all(Class<? extends Enum<?>> type) {
        List<String> words = new ArrayList<>();
        for (Enum<?> constant : type.getEnumConstants()) {
            words.add(of(constant));
        }
        return words;
    }
}
