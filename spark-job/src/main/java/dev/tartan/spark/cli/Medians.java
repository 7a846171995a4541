package dev.tartan.spark.cli;

import java.util.List;

/** What benches sum their measurements up by. */
final class Medians {
    private Medians() {}

    /** The middle of some values, the upper one if they are even in number. */
    static double of(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }
}
