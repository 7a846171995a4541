package dev.tartan.train.config;

import java.util.Collection;
import java.util.Locale;

/** Finds what a mistyped word was meant to be, by edit distance (Levenshtein 1966). */
public final class KeySuggestion {
    private KeySuggestion() {}

    /** {@code " Did you mean X?"} for the nearest of {@code words}, or empty if none is near. */
    public static String didYouMean(String typed, Collection<String> words) {
        String best = "";
        int bestDistance = Math.max(2, lastName(typed).length() / 3) + 1;
        for (String word : words) {
            // A key put into the wrong section is as likely as a mistyped one.
            int distance = Math.min(distance(typed, word), distance(lastName(typed), lastName(word)) + 1);
            if (distance < bestDistance) {
                best = word;
                bestDistance = distance;
            }
        }
        return best.isEmpty() ? "" : " Did you mean " + best + "?";
    }

    private static String lastName(String key) {
        return key.substring(key.lastIndexOf('.') + 1);
    }

    /** The number of letters to insert, delete or replace, whatever their case. */
    static int distance(String from, String to) {
        String a = from.toLowerCase(Locale.ROOT);
        String b = to.toLowerCase(Locale.ROOT);
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(replaced, Math.min(previous[j], current[j - 1]) + 1);
            }
            previous = current;
        }
        return previous[b.length()];
    }
}
