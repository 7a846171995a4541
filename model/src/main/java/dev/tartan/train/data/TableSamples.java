package dev.tartan.train.data;

import dev.tartan.network.BatchField;
import dev.tartan.network.Network;
import dev.tartan.network.PresentFields;
import dev.tartan.path.UriPath;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a table in files that Spark reads: Parquet, CSV, JSON and others. Spark also counts and deals them out,
 * so that they cannot be opened here.
 *
 * @param section of the config that names the table, for messages: {@code data} or {@code validation}
 * @param format Spark's name of the format, such as {@code csv}
 * @param path a file or folder, or names with {@code *} in them; local or in a store
 * @param options of Spark's reader, such as {@code header} for CSV
 * @param fields for each field of the network the columns that fill it, which may be names with {@code *} in them
 * @param weight the column with the samples' weights; null for none
 */
public record TableSamples(
        String section,
        String format,
        Path path,
        Map<String, String> options,
        Map<String, List<String>> fields,
        @Nullable String weight)
        implements SampleSource {
    /** Takes a path that is not a URI taken for a local one. */
    public TableSamples {
        UriPath.checked(path);
        options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
        Map<String, List<String>> columns = new LinkedHashMap<>();
        fields.forEach((field, names) -> columns.put(field, List.copyOf(names)));
        fields = Collections.unmodifiableMap(columns);
    }

    /** This table in another place. */
    public TableSamples at(Path place) {
        return new TableSamples(section, format, place, options, fields, weight);
    }

    @Override
    public PresentFields fields(Network network) {
        List<String> known =
                network.batchFields().stream().map(BatchField::name).toList();
        List<String> unknown =
                fields.keySet().stream().filter(name -> !known.contains(name)).toList();
        List<String> missing = new ArrayList<>();
        for (BatchField field : network.batchFields()) {
            if (!field.optional() && !fields.containsKey(field.name())) {
                missing.add(field.name());
            }
        }
        if (!unknown.isEmpty() || !missing.isEmpty()) {
            throw new IllegalArgumentException(
                    section + ".fields does not go with the network: network=" + network.title()
                            + ", fields=" + known + (missing.isEmpty() ? "" : ", missing=" + missing)
                            + (unknown.isEmpty() ? "" : ", unknown=" + unknown) + ". Write " + section
                            + ".fields { FIELD = COLUMN }.");
        }
        return new PresentFields(
                network.batchFields().stream()
                        .filter(BatchField::optional)
                        .map(BatchField::name)
                        .filter(fields::containsKey)
                        .collect(Collectors.toUnmodifiableSet()),
                weight != null);
    }

    @Override
    public boolean isBrought() {
        return true;
    }

    @Override
    public BatchSource open(BatchSpec spec) {
        throw new IllegalArgumentException("rows of a table are read by Spark: " + section + ".path="
                + path
                + ". Train with scripts/train, or on a DataFrame with dev.tartan.spark.Tartan.");
    }
}
