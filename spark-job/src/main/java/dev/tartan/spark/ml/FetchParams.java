package dev.tartan.spark.ml;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.ml.param.StringArrayParam;
import scala.collection.JavaConverters;

/**
 * Which columns fill the fields of a network, and which columns its outputs become. Each is a pair of arrays of the
 * same length, so that all params are of plain types.
 *
 * @param <E> the class itself
 */
public interface FetchParams<E> extends InferenceParams<E> {
    /** Fields of the network that columns fill. */
    default StringArrayParam feedFields() {
        return new StringArrayParam(this, "feedFields", "fields of the network that columns fill");
    }

    /** The columns that fill {@link #feedFields()}, one by one. */
    default StringArrayParam feedColumns() {
        return new StringArrayParam(this, "feedColumns", "columns that fill feedFields, one by one");
    }

    /** The columns that {@link #fetchOutputs()} become, one by one. */
    default StringArrayParam fetchColumns() {
        return new StringArrayParam(this, "fetchColumns", "columns that fetchOutputs become, one by one");
    }

    /** Outputs of the network that become columns. */
    default StringArrayParam fetchOutputs() {
        return new StringArrayParam(this, "fetchOutputs", "outputs of the network that become columns");
    }

    /** The columns by field of the network. */
    default Map<String, String> getFeedDict() {
        return Dict.of("feedFields", getOrDefault(feedFields()), "feedColumns", getOrDefault(feedColumns()));
    }

    /** Sets the columns by field of the network. */
    default E setFeedDict(Map<String, String> columnsByField) {
        return with(() -> set(feedFields(), columnsByField.keySet().toArray(new String[0]))
                .set(feedColumns(), columnsByField.values().toArray(new String[0])));
    }

    /** Sets the columns by field of the network, from Scala. */
    default E setFeedDict(scala.collection.Map<String, String> columnsByField) {
        return setFeedDict(JavaConverters.mapAsJavaMap(columnsByField));
    }

    /** The outputs of the network by column that they become. */
    default Map<String, String> getFetchDict() {
        return Dict.of("fetchColumns", getOrDefault(fetchColumns()), "fetchOutputs", getOrDefault(fetchOutputs()));
    }

    /** Sets the outputs of the network by column that they become. */
    default E setFetchDict(Map<String, String> outputsByColumn) {
        return with(() -> set(fetchColumns(), outputsByColumn.keySet().toArray(new String[0]))
                .set(fetchOutputs(), outputsByColumn.values().toArray(new String[0])));
    }

    /** Sets the outputs of the network by column that they become, from Scala. */
    default E setFetchDict(scala.collection.Map<String, String> outputsByColumn) {
        return setFetchDict(JavaConverters.mapAsJavaMap(outputsByColumn));
    }

    /** Two arrays as a map. */
    final class Dict {
        private Dict() {}

        static Map<String, String> of(String keysName, String[] keys, String valuesName, String[] values) {
            if (keys.length != values.length) {
                throw new IllegalArgumentException("params do not go together: " + keysName + "=" + List.of(keys) + ", "
                        + valuesName + "=" + List.of(values) + ". Give as many of one as of the other.");
            }
            List<String> twice = new ArrayList<>();
            Map<String, String> dict = new LinkedHashMap<>();
            for (int i = 0; i < keys.length; i++) {
                if (dict.put(keys[i], values[i]) != null) {
                    twice.add(keys[i]);
                }
            }
            if (!twice.isEmpty()) {
                throw new IllegalArgumentException(
                        "param names something twice: " + keysName + "=" + twice + ". Name each once.");
            }
            return dict;
        }
    }
}
