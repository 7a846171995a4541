package dev.tartan.spark.dataset;

import java.util.Collection;
import java.util.List;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.MetadataBuilder;

/** Names of the columns that a column of arrays was joined from, kept in the metadata of that column. */
final class JoinedParts {
    private static final String KEY = "tartan.columns";

    private JoinedParts() {}

    static Metadata metadata(Collection<String> names) {
        return new MetadataBuilder()
                .putStringArray(KEY, names.toArray(new String[0]))
                .build();
    }

    /** The names in order; none if the column was not joined. */
    static List<String> of(Metadata metadata) {
        return metadata.contains(KEY) ? List.of(metadata.getStringArray(KEY)) : List.of();
    }
}
