package dev.tartan.spark.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** A table of aligned columns, to the right unless told otherwise. Not thread-safe. */
final class TextTable {
    private final List<String[]> rows = new ArrayList<>();
    private final Set<Integer> left = new HashSet<>();

    /** Begins a table with these titles. */
    TextTable(String... titles) {
        rows.add(titles);
    }

    /** Aligns these columns, counted from 0, to the left. */
    TextTable toTheLeft(int... columns) {
        Arrays.stream(columns).forEach(left::add);
        return this;
    }

    /** Adds a row of as many cells as there are titles. */
    void row(String... cells) {
        if (cells.length != rows.get(0).length) {
            throw new IllegalArgumentException("row does not fit the table: cells=" + cells.length + ", columns="
                    + rows.get(0).length + ". Give one cell per column.");
        }
        rows.add(cells);
    }

    /** Prints all rows; columns are as wide as their widest cell. */
    void print(PrintStream out) {
        int columns = rows.get(0).length;
        int[] widths = new int[columns];
        rows.forEach(row -> {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        });
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < columns; i++) {
                String blanks = " ".repeat(widths[i] - row[i].length());
                line.append(i == 0 ? "" : "  ").append(left.contains(i) ? row[i] + blanks : blanks + row[i]);
            }
            out.println(line.toString().stripTrailing());
        }
    }

    static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
