package dev.tartan.spark.dataset;

import dev.tartan.path.UriPath;
import dev.tartan.train.data.TableSamples;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;

/**
 * Reads a table of a run config as a DataFrame. A field that several columns fill, each a number, gets an array of them
 * in the order that the config names them; those that one pattern matches, in the order of the table. Types of CSV
 * columns are inferred unless the table's options say otherwise.
 */
public final class ReadTable {
    private final TableSamples table;
    private Dataset<Row> frame;

    private ReadTable(TableSamples table, Dataset<Row> frame) {
        this.table = table;
        this.frame = frame;
    }

    /**
     * The rows as samples; Spark looks at the files' schema, and infers it from CSV and JSON, but reads no more.
     *
     * @throws IllegalArgumentException if Spark cannot read the table, or a column is not there
     */
    public static Samples of(SparkSession session, TableSamples table) {
        return new ReadTable(table, frame(session, table)).samples();
    }

    private static Dataset<Row> frame(SparkSession session, TableSamples table) {
        Map<String, String> options = new LinkedHashMap<>(table.options());
        boolean infers = options.keySet().stream().anyMatch("inferSchema"::equalsIgnoreCase);
        if (table.format().toLowerCase(Locale.ROOT).equals("csv") && !infers) {
            options.put("inferSchema", "true");
        }
        // Without a scheme Spark would look in Hadoop's default file system.
        String place = UriPath.isLocal(table.path())
                ? "file:" + table.path().toAbsolutePath()
                : table.path().toString();
        try {
            return session.read().format(table.format()).options(options).load(place);
        } catch (Exception e) { // AnalysisException is checked, and Scala does not declare it
            String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            throw new IllegalArgumentException(
                    "table cannot be read: " + table.section() + ".path=" + table.path() + ", " + table.section()
                            + ".format=" + table.format() + ", reason=" + reason + (reason.endsWith(".") ? "" : ".")
                            + " Check " + table.section() + ".path, " + table.section() + ".format and "
                            + table.section() + ".options.",
                    e);
        }
    }

    private Samples samples() {
        Map<String, String> columns = new LinkedHashMap<>();
        table.fields().forEach((field, names) -> columns.put(field, column(field, names)));
        Samples samples = Samples.of(frame);
        for (Map.Entry<String, String> field : columns.entrySet()) {
            samples = samples.field(field.getKey(), field.getValue());
        }
        return table.weight() == null ? samples : samples.weight(table.weight());
    }

    /** The one column that fills a field, added to the frame if it is made of several. */
    private String column(String field, List<String> names) {
        boolean isOne = names.size() == 1 && !isPattern(names.get(0));
        if (isOne) {
            return names.get(0);
        }
        Set<String> chosen = new LinkedHashSet<>();
        for (String name : names) {
            List<String> matched = matches(name);
            if (matched.isEmpty()) {
                throw new IllegalArgumentException("table has no such column: " + key(field) + "=" + name + ", columns="
                        + shown(List.of(frame.columns())) + ". Name columns of the table.");
            }
            for (String column : matched) {
                if (!chosen.add(column)) {
                    throw new IllegalArgumentException("column fills a field twice: " + key(field) + "=" + names
                            + ", column=" + column + ". Name each column once.");
                }
            }
        }
        chosen.forEach(name -> checkNumber(field, name));
        Column[] parts = chosen.stream()
                .map(name -> frame.col("`" + name.replace("`", "``") + "`"))
                .toArray(Column[]::new);
        String name = String.join(", ", names) + " (" + parts.length + " columns)";
        frame = frame.withColumn(name, functions.array(parts).as(name, JoinedParts.metadata(chosen)));
        return name;
    }

    /** Joined in an array, one column of text would make texts of all, and nobody would see which it was. */
    private void checkNumber(String field, String name) {
        DataType type = Arrays.stream(frame.schema().fields())
                .filter(column -> column.name().equals(name))
                .map(StructField::dataType)
                .findFirst()
                .orElseThrow();
        if (NumberType.of(type) == null) {
            throw new IllegalArgumentException("table has a column that holds no numbers: " + key(field) + "="
                    + name + ", type=" + type.simpleString() + ". Mend the rows that hold text, such as n/a, or leave"
                    + " the column out.");
        }
    }

    private String key(String field) {
        return table.section() + ".fields." + field;
    }

    private boolean isPattern(String name) {
        return name.contains("*") && !List.of(frame.columns()).contains(name);
    }

    private List<String> matches(String name) {
        Pattern pattern = isPattern(name)
                ? Pattern.compile("\\Q" + name.replace("*", "\\E.*\\Q") + "\\E")
                : Pattern.compile(Pattern.quote(name));
        List<String> matched = new ArrayList<>();
        for (String column : frame.columns()) {
            if (pattern.matcher(column).matches()) {
                matched.add(column);
            }
        }
        return matched;
    }

    private static String shown(List<String> columns) {
        return columns.size() <= 20 ? columns.toString() : columns.subList(0, 20) + " and " + (columns.size() - 20);
    }
}
